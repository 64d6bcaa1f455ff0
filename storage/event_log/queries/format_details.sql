-- As it is read once it is stored: members in another order, blanks, numbers in one form.
SELECT $1::jsonb

-- For example: '{"b": 1}'

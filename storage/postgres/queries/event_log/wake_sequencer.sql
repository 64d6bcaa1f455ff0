SELECT pg_notify('gatehouse_wake', '')

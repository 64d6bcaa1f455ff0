#ifndef GATEHOUSE_STORAGE_AFTER_CHANGE_H_
#define GATEHOUSE_STORAGE_AFTER_CHANGE_H_

namespace gatehouse::storage {

// A store's Update or Delete takes a row with the version it was read in, which must still be
// there, and raises it. The row as it is then, for the answer.
template <typename Row>
Row AfterChange(Row row) {
  ++row.version;
  return row;
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_AFTER_CHANGE_H_

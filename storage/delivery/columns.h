#ifndef GATEHOUSE_STORAGE_DELIVERY_COLUMNS_H_
#define GATEHOUSE_STORAGE_DELIVERY_COLUMNS_H_

#include <type_traits>
#include <vector>

namespace gatehouse::storage {

// The field `field` of each of `items`: a column for unnest.
template <typename Item, typename Fn>
auto Column(const std::vector<Item>& items, Fn field) {
  std::vector<std::decay_t<std::invoke_result_t<Fn, const Item&>>> column;
  column.reserve(items.size());
  for (const Item& item : items) column.push_back(field(item));
  return column;
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_DELIVERY_COLUMNS_H_

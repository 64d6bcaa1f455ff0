#ifndef GATEHOUSE_STORAGE_EVENT_JSON_H_
#define GATEHOUSE_STORAGE_EVENT_JSON_H_

#include <string>
#include <vector>

#include "storage/event.h"

namespace gatehouse::storage {

// The column event.targets: [{"id":...,"label":...,"type":...},...]
std::string TargetsJson(const std::vector<EventTarget>& targets);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_JSON_H_

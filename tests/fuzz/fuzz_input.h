#ifndef GATEHOUSE_TESTS_FUZZ_FUZZ_INPUT_H_
#define GATEHOUSE_TESTS_FUZZ_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatehouse::fuzz {

// The bytes of a fuzzer as decisions, from the front, so that inputs can be written by hand. Zeros
// where there are no more.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }

  uint8_t Byte() {
    const std::string_view one = Bytes(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one.front());
  }
  // At most as many as there are.
  std::string_view Bytes(size_t count) {
    const std::string_view bytes = rest_.substr(0, std::min(count, rest_.size()));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  // As many as the next byte says.
  std::string_view String() { return Bytes(Byte()); }

 private:
  std::string_view rest_;
};

}  // namespace gatehouse::fuzz

#endif  // GATEHOUSE_TESTS_FUZZ_FUZZ_INPUT_H_

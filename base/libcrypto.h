#ifndef GATEHOUSE_BASE_LIBCRYPTO_H_
#define GATEHOUSE_BASE_LIBCRYPTO_H_

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// What every caller of OpenSSL's libcrypto needs. For .cc files alone.
namespace gatehouse::base::libcrypto {

// Of a std::unique_ptr, by the function that frees its object.
template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

// Ends the process unless `ok`. For what fails only out of memory or misconfigured: going on would
// mean data that is not encrypted, authenticated or signed.
inline void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "gatehouse: libcrypto failed in %s\n", what);
  std::abort();
}

inline const unsigned char* Bytes(std::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}
inline unsigned char* Bytes(std::string& data) {
  return reinterpret_cast<unsigned char*>(data.data());
}

}  // namespace gatehouse::base::libcrypto

#endif  // GATEHOUSE_BASE_LIBCRYPTO_H_

#include "tests/support/http2/header_decoder.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace gatehouse::tests {
namespace {

std::string ToString(const uint8_t* bytes, size_t length) {
  return {reinterpret_cast<const char*>(bytes), length};
}

}  // namespace

HeaderDecoder::HeaderDecoder() { nghttp2_hd_inflate_new(&inflater_); }

HeaderDecoder::~HeaderDecoder() { nghttp2_hd_inflate_del(inflater_); }

HeaderDecoder::Fields HeaderDecoder::Decode(std::string_view block) {
  Fields fields;
  int flags = 0;
  while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
    nghttp2_nv field;
    flags = 0;
    const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags,
                                                reinterpret_cast<const uint8_t*>(block.data()),
                                                block.size(), /*in_final=*/1);
    if (used < 0) {
      ADD_FAILURE() << "no HPACK: " << nghttp2_strerror(static_cast<int>(used));
      return fields;
    }
    block.remove_prefix(static_cast<size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(ToString(field.name, field.namelen),
                          ToString(field.value, field.valuelen));
    }
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  return fields;
}

}  // namespace gatehouse::tests

#include "auth/second_factor/qr_code.h"

#include <png.h>
#include <qrencode.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace gatehouse::auth {
namespace {

// Of one module: large enough for a camera in front of a screen.
constexpr int kPixels = 6;
// ISO/IEC 18004 asks for four modules of white around it.
constexpr int kQuietModules = 4;
constexpr uint8_t kWhite = 255;
constexpr uint8_t kBlack = 0;

// One byte for each pixel, row by row.
std::vector<uint8_t> Paint(const QRcode& code, int side) {
  std::vector<uint8_t> pixels(static_cast<size_t>(side) * side, kWhite);
  for (int y = kQuietModules * kPixels; y < side - kQuietModules * kPixels; ++y) {
    for (int x = kQuietModules * kPixels; x < side - kQuietModules * kPixels; ++x) {
      const int row = y / kPixels - kQuietModules;
      const int column = x / kPixels - kQuietModules;
      // The lowest bit of a module says whether it is dark.
      const bool dark = (code.data[row * code.width + column] & 1) != 0;
      if (dark) pixels[static_cast<size_t>(y) * side + x] = kBlack;
    }
  }
  return pixels;
}

}  // namespace

std::string QrCodePng(std::string_view text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString8bit(std::string(text).c_str(), /*version=*/0, QR_ECLEVEL_M),
      &QRcode_free);
  if (!code) return "";
  const int side = (code->width + 2 * kQuietModules) * kPixels;
  const std::vector<uint8_t> pixels = Paint(*code, side);

  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(side);
  image.height = static_cast<png_uint_32>(side);
  image.format = PNG_FORMAT_GRAY;
  std::string png(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t bytes = png.size();
  const bool written =
      png_image_write_to_memory(&image, png.data(), &bytes, /*convert_to_8_bit=*/0, pixels.data(),
                                /*row_stride=*/0, /*colormap=*/nullptr) != 0;
  png.resize(written ? bytes : 0);
  return png;
}

}  // namespace gatehouse::auth

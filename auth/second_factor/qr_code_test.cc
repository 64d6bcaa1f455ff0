#include "auth/second_factor/qr_code.h"

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>
#include <vector>

namespace gatehouse::auth {
namespace {

TEST(QrCodeTest, IsASquareImageWithTheFindersInItsCorners) {
  const std::string png = QrCodePng("otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQ");
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0);
  image.format = PNG_FORMAT_GRAY;
  ASSERT_EQ(image.width, image.height);
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image));
  ASSERT_NE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0);
  const auto pixel = [&](int module_x, int module_y) {
    return pixels[static_cast<size_t>(module_y * 6 + 3) * image.width + module_x * 6 + 3];
  };
  const int modules = static_cast<int>(image.width) / 6 - 8;
  // A finder: seven dark modules, a white ring, a dark square of three. None at the lower right.
  for (const auto& [x, y] : {std::pair{4, 4}, {4 + modules - 7, 4}, {4, 4 + modules - 7}}) {
    for (int i = 0; i < 7; ++i) EXPECT_EQ(pixel(x + i, y), 0);
    for (int i = 1; i < 6; ++i) EXPECT_EQ(pixel(x + i, y + 1), 255);
    EXPECT_EQ(pixel(x + 3, y + 3), 0);
  }
  EXPECT_EQ(pixel(3, 3), 255);
}

TEST(QrCodeTest, TextThatIsTooLongHasNone) { EXPECT_EQ(QrCodePng(std::string(5000, 'x')), ""); }

}  // namespace
}  // namespace gatehouse::auth

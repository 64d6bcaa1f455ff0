#ifndef GATEHOUSE_AUTH_SECOND_FACTOR_QR_CODE_H_
#define GATEHOUSE_AUTH_SECOND_FACTOR_QR_CODE_H_

#include <string>
#include <string_view>

namespace gatehouse::auth {

// A PNG image of a QR code of `text`, with its quiet zone; empty if the text is too long for one.
std::string QrCodePng(std::string_view text);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SECOND_FACTOR_QR_CODE_H_

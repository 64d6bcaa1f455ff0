#ifndef GATEHOUSE_AUTH_PASSKEY_LIBFIDO2_H_
#define GATEHOUSE_AUTH_PASSKEY_LIBFIDO2_H_

namespace gatehouse::auth {

// Once, before anything else of libfido2. Thread-safe.
void InitLibfido2();

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_LIBFIDO2_H_

#include "auth/passkey/libfido2.h"

#include <fido.h>

namespace gatehouse::auth {

void InitLibfido2() {
  // Without FIDO_DEBUG: it would write what strangers sent to stderr.
  static const bool done = (fido_init(0), true);
  static_cast<void>(done);
}

}  // namespace gatehouse::auth

"""Verifies Gatehouse's access tokens in this process: at the speed of memory, and within a second of a logout anywhere.

    verifier = Verifier("gatehouse:50051", api_key, issuer="https://id.example.com", credentials=grpc.ssl_channel_credentials())
    verifier.start()
    claims = verifier.verify(token)  # raises TokenRefused or RevocationsUnknown
"""

from gatehouse_verifier.tokens import Claims, RevocationsUnknown, TenantClosed, TokenRefused, TokenVerifier
from gatehouse_verifier.verifier import Verifier

__all__ = ["Claims", "RevocationsUnknown", "TenantClosed", "TokenRefused", "TokenVerifier", "Verifier"]

// Verifies access tokens by Nimbus JOSE + JWT. What it is told and what it says is in ../README.md.

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.Ed25519Verifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJWSException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

public final class Verify {
  private final JWKSource<SecurityContext> keys;
  private final DefaultJOSEObjectTypeVerifier<SecurityContext> types =
      new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt"));
  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
  private final boolean takesEdDsa;

  private Verify(Map<String, Object> found, String issuer, String audience, long aheadMs) throws Exception {
    // By default it asks for keys that it does not know twice a minute at most: too long for a test.
    keys =
        JWKSourceBuilder.<SecurityContext>create(URI.create(JSONObjectUtils.getString(found, "jwks_uri")).toURL())
            .rateLimited(false)
            .build();
    Set<JWSAlgorithm> algorithms = new HashSet<>();
    for (String name : JSONObjectUtils.getStringList(found, "id_token_signing_alg_values_supported")) {
      algorithms.add(JWSAlgorithm.parse(name));
    }
    takesEdDsa = algorithms.remove(JWSAlgorithm.EdDSA);
    processor.setJWSTypeVerifier(types);
    if (!algorithms.isEmpty()) processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, keys));
    processor.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<SecurityContext>(
            audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "exp")) {
          @Override
          protected Date currentTime() {
            return new Date(System.currentTimeMillis() + aheadMs);
          }
        });
  }

  private String subjectOf(String text) throws Exception {
    SignedJWT token = SignedJWT.parse(text);
    JWSAlgorithm algorithm = token.getHeader().getAlgorithm();
    if (takesEdDsa && algorithm.equals(JWSAlgorithm.EdDSA)) return subjectOfEdDsa(token);
    return processor.process(token, null).getSubject();
  }

  // Its processors know keys of the JDK alone, to which it turns no Ed25519 ones.
  private String subjectOfEdDsa(SignedJWT token) throws Exception {
    types.verify(token.getHeader().getType(), null);
    List<JWK> matching = keys.get(new JWKSelector(JWKMatcher.forJWSHeader(token.getHeader())), null);
    if (matching.isEmpty() || !token.verify(new Ed25519Verifier((OctetKeyPair) matching.get(0).toPublicJWK()))) {
      throw new BadJWSException("no key has signed it");
    }
    processor.getJWTClaimsSetVerifier().verify(token.getJWTClaimsSet(), null);
    return token.getJWTClaimsSet().getSubject();
  }

  public static void main(String[] arguments) throws Exception {
    String issuer = arguments[0];
    HttpRequest request = HttpRequest.newBuilder(URI.create(issuer + "/.well-known/openid-configuration")).build();
    String document = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
    Map<String, Object> found = JSONObjectUtils.parse(document);
    if (!issuer.equals(found.get("issuer"))) throw new IllegalStateException("the issuer is " + found.get("issuer"));
    Verify verifier = new Verify(found, issuer, arguments[1], Long.parseLong(arguments[2]) * 1000);
    System.out.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      try {
        System.out.println("ok " + verifier.subjectOf(line));
      } catch (Exception refused) {
        System.out.println("refused " + refused.getMessage());
      }
    }
  }
}

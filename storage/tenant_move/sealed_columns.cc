#include "storage/tenant_move/sealed_columns.h"

#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "storage/endpoint/endpoint_sealing.h"
#include "storage/mail/mail_seal.h"
#include "storage/postgres/admin/connection.h"
#include "storage/second_factor/second_factor_sealing.h"
#include "storage/signing_key/signing_key_sealing.h"

namespace gatehouse::storage {

using base::Uuid;
using postgres::admin::Connection;

namespace {

// Rows at a time.
constexpr int kPage = 500;

Uuid IdOf(std::string_view text) { return Uuid::Parse(text).value_or(Uuid()); }

std::string HeadersContext(const Uuid& tenant_id, std::string_view id) {
  return EndpointSealContext("headers", tenant_id, IdOf(id));
}
std::string SecretContext(const Uuid& tenant_id, std::string_view id) {
  return EndpointSealContext("secret", tenant_id, IdOf(id));
}
std::string KeyPairContext(const Uuid& tenant_id, std::string_view id) {
  return EndpointSealContext("key pair", tenant_id, IdOf(id));
}
std::string ClientKeyContext(const Uuid& tenant_id, std::string_view id) {
  return EndpointSealContext("client key", tenant_id, IdOf(id));
}
std::string MailContext(const Uuid& tenant_id, std::string_view id) {
  return MailSealContext(tenant_id, IdOf(id));
}
std::string TotpContext(const Uuid& tenant_id, std::string_view id) {
  return TotpSealContext(tenant_id, IdOf(id));
}

constexpr SealedColumn kSealed[] = {
    {"signing_key", "private_key", "key_id", "text", false, "", SigningKeySealContext},
    {"endpoint", "headers", "endpoint_id", "uuid", false, kEndpointSealInfo, HeadersContext},
    {"endpoint", "secrets", "endpoint_id", "uuid", true, kEndpointSealInfo, SecretContext},
    {"endpoint", "key_pairs", "endpoint_id", "uuid", true, kEndpointSealInfo, KeyPairContext},
    {"endpoint", "client_key", "endpoint_id", "uuid", false, kEndpointSealInfo, ClientKeyContext},
    {"mail", "content", "mail_id", "uuid", false, "", MailContext},
    {"totp_factor", "secret", "user_id", "uuid", false, "", TotpContext},
};

// Ids and values to write, both in order; of an array the elements at one place.
struct Changes {
  std::vector<std::string> ids;
  std::vector<std::string> values;
};

// As Postgres reads an array of texts.
std::string ArrayOf(const std::vector<std::string>& texts) {
  return absl::StrCat("{",
                      absl::StrJoin(texts, ",",
                                    [](std::string* out, const std::string& text) {
                                      absl::StrAppend(out, base::JsonString(text));
                                    }),
                      "}");
}

// After $2, of tenant $1: the id, the place in the array, from 1, and the value. A row without a
// value is there as well, so that a page is never empty before the end.
std::string ReadStatement(const SealedColumn& sealed, bool first) {
  const std::string from = first ? "" : absl::StrCat(" AND ", sealed.id, " > $2::", sealed.id_type);
  return absl::StrCat(
      "SELECT t.id::text, v.place, encode(v.value, 'hex') FROM (SELECT ", sealed.id, " AS id, ",
      sealed.is_array ? "" : "ARRAY[", sealed.column, sealed.is_array ? "" : "]",
      " AS held FROM gatehouse.", sealed.table, " WHERE tenant_id = $1::uuid", from, " ORDER BY ",
      sealed.id, " LIMIT ", kPage,
      ") t LEFT JOIN LATERAL unnest(t.held) WITH ORDINALITY AS v (value, place) ON true "
      "ORDER BY t.id, v.place");
}

std::string WriteStatement(const SealedColumn& sealed, const std::string& place) {
  return absl::StrCat("UPDATE gatehouse.", sealed.table, " t SET ", sealed.column,
                      sealed.is_array ? absl::StrCat("[", place, "]") : "",
                      " = decode(n.value, 'hex') FROM unnest($2::text[], $3::text[]) AS n (id, "
                      "value) WHERE t.tenant_id = $1::uuid AND t.",
                      sealed.id, " = n.id::", sealed.id_type);
}

// By the place in the array.
absl::StatusOr<std::map<std::string, Changes>> ChangesOf(const SealedColumn& sealed,
                                                         const Uuid& tenant_id,
                                                         const SealingKeys& keys,
                                                         const Connection::Rows& rows) {
  std::map<std::string, Changes> changes;
  for (const Connection::Row& row : rows) {
    if (!row[2]) continue;
    const std::string id = row[0].value_or("");
    const std::optional<std::string> value = base::HexDecode(*row[2]);
    GH_ASSIGN_OR_RETURN(const std::optional<std::string> resealed,
                        keys.Reseal(sealed.context(tenant_id, id), value.value_or("")));
    if (!resealed) continue;
    Changes& at_place = changes[row[1].value_or("1")];
    at_place.ids.push_back(id);
    at_place.values.push_back(base::HexEncode(*resealed));
  }
  return changes;
}

absl::StatusOr<int64_t> ResealColumn(Connection& connection, const SealedColumn& sealed,
                                     const Uuid& tenant_id, const SealingKeys& keys) {
  int64_t count = 0;
  std::optional<std::string> after;
  for (;;) {
    std::vector<std::string> params = {tenant_id.ToString()};
    if (after) params.push_back(*after);
    GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                        connection.Query(ReadStatement(sealed, !after), params));
    if (rows.empty()) return count;
    after = rows.back()[0];
    GH_ASSIGN_OR_RETURN(const auto changes, ChangesOf(sealed, tenant_id, keys, rows));
    for (const auto& [place, changed] : changes) {
      GH_RETURN_IF_ERROR(
          connection
              .Query(WriteStatement(sealed, place),
                     {tenant_id.ToString(), ArrayOf(changed.ids), ArrayOf(changed.values)})
              .status());
      count += static_cast<int64_t>(changed.ids.size());
    }
  }
}

}  // namespace

std::span<const SealedColumn> SealedColumns() { return kSealed; }

absl::StatusOr<int64_t> ResealTenant(Connection& connection, const Uuid& tenant_id,
                                     const SealingKeys& keys) {
  int64_t count = 0;
  for (const SealedColumn& sealed : kSealed) {
    const SealingKeys column_keys = sealed.key_info.empty() ? keys : keys.Derive(sealed.key_info);
    GH_ASSIGN_OR_RETURN(const int64_t of_column,
                        ResealColumn(connection, sealed, tenant_id, column_keys));
    count += of_column;
  }
  return count;
}

}  // namespace gatehouse::storage

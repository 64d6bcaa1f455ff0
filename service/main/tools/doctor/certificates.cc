#include "service/main/tools/doctor/certificates.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/libcrypto.h"

namespace gatehouse::service {
namespace {

using base::libcrypto::Deleter;
using std::chrono::days;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

constexpr char kCheck[] = "tls";
// Of authorities a file may hold many; nobody's chain is as long.
constexpr size_t kMostCertificates = 1'000;
// Renewals that go by themselves are made a month before, so this late something is wrong.
constexpr days kSoon{14};

base::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return base::Time(std::chrono::seconds(timegm(&parts)));
}

std::string SubjectOf(const X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const int64_t size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string DaysText(base::Duration duration) {
  const int64_t count = std::chrono::floor<days>(duration).count();
  return absl::StrCat(count, count == 1 ? " day" : " days");
}

}  // namespace

std::vector<CertificateValidity> ReadCertificates(const std::string& file) {
  std::vector<CertificateValidity> found;
  const Bio in(BIO_new_file(file.c_str(), "r"));
  while (in != nullptr && found.size() < kMostCertificates) {
    const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    found.push_back({.subject = SubjectOf(certificate.get()),
                     .not_before = TimeOf(X509_get0_notBefore(certificate.get())),
                     .not_after = TimeOf(X509_get0_notAfter(certificate.get()))});
  }
  // The end of the file is an error, and stays in the thread's queue otherwise.
  ERR_clear_error();
  return found;
}

void JudgeCertificates(const std::string& what,
                       const std::vector<CertificateValidity>& certificates, base::Time now,
                       Findings& findings) {
  if (certificates.empty()) return;
  const CertificateValidity& first =
      *std::ranges::min_element(certificates, {}, &CertificateValidity::not_after);
  const CertificateValidity& last =
      *std::ranges::max_element(certificates, {}, &CertificateValidity::not_before);
  const std::string advice = "renew it: a server takes what is written in the place of the files";
  if (first.not_after <= now) {
    findings.Fail(kCheck,
                  absl::StrCat(what, " (", first.subject, ") expired ",
                               DaysText(now - first.not_after), " ago"),
                  advice);
  } else if (last.not_before > now) {
    findings.Fail(kCheck,
                  absl::StrCat(what, " (", last.subject, ") is not valid for another ",
                               DaysText(last.not_before - now + days(1))),
                  "see whether the clock of this machine is right, or wait");
  } else if (first.not_after - now < kSoon) {
    findings.Warn(
        kCheck,
        absl::StrCat(what, " (", first.subject, ") expires in ", DaysText(first.not_after - now)),
        advice);
  } else {
    findings.Ok(kCheck, absl::StrCat(what, " (", first.subject, ") is valid for ",
                                     DaysText(first.not_after - now)));
  }
}

void LookAtCertificates(const config::GrpcSettings& settings, base::Time now, Findings& findings) {
  if (settings.tls_certificate_file.empty()) {
    findings.Ok(kCheck, "calls come without TLS");
    return;
  }
  JudgeCertificates("the server's certificate", ReadCertificates(settings.tls_certificate_file),
                    now, findings);
  if (settings.tls_client_ca_file.empty()) return;
  JudgeCertificates("the authority of clients", ReadCertificates(settings.tls_client_ca_file), now,
                    findings);
}

}  // namespace gatehouse::service

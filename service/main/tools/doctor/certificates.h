#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_CERTIFICATES_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_CERTIFICATES_H_

#include <string>
#include <vector>

#include "base/time.h"
#include "service/config/config.h"
#include "service/main/tools/doctor/finding.h"

namespace gatehouse::service {

// From when and until when a certificate counts.
struct CertificateValidity {
  // As RFC 2253 writes names, "CN=localhost"; may be empty.
  std::string subject;
  base::Time not_before;
  base::Time not_after;
};

// Of each certificate in a PEM file, in its order; empty if there is none, or the file cannot be
// read, which is told as a fault of the configuration.
std::vector<CertificateValidity> ReadCertificates(const std::string& file);

// `what`: "the server's certificate". Of a chain the first one that ends counts.
void JudgeCertificates(const std::string& what,
                       const std::vector<CertificateValidity>& certificates, base::Time now,
                       Findings& findings);

// The server's own certificates and the authorities of its clients' ones.
void LookAtCertificates(const config::GrpcSettings& settings, base::Time now, Findings& findings);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_CERTIFICATES_H_

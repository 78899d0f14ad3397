// Surrogate: what stands in for a piece of personal data: of its form, and always the same for the same piece and
// secret.
#pragma once

#include <string>
#include <string_view>

#include "text/personal_data.h"

namespace pegbox::text {

/// Derived by HMAC-SHA-256 from the secret, the kind and the value, so that nothing need be remembered and nobody
/// without the secret can test a guess. Mail addresses are of example.com (RFC 2606), IPv4 addresses of 10.0.0.0/8,
/// IPv6 ones of fd00::/8, MACs locally administered; cards begin with 9, which no network uses, and end with Luhn's
/// digit; IBANs keep their country and have valid check digits. Of a name each word has a stand-in of its own, so that
/// a surname alone is still recognized as that of the full name. Digits of the rest are other digits, letters other
/// letters.
std::string surrogate_of(PersonalKind kind, std::string_view value, std::string_view secret);

}  // namespace pegbox::text

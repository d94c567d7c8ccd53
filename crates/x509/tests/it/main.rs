//! X.509 against others: what is built here, OpenSSL and GnuTLS accept; what they build is read
//! here; what is wrong is refused by all.

#[cfg(test)]
mod certificate;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod request;
#[cfg(test)]
mod tools;

use sekisho_x509 as x509;

//! X.509 against others: what is built here, OpenSSL and GnuTLS accept; what was tampered with,
//! they and the readers here refuse; no input makes a reader fail otherwise.

#[cfg(test)]
mod crl;
#[cfg(test)]
mod crl_tools;
#[cfg(test)]
mod house;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod ocsp;
#[cfg(test)]
mod ocsp_tools;
#[cfg(test)]
mod time_stamp;

use sekisho_x509 as x509;

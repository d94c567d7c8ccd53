//! X.509 against others: what is built here, OpenSSL and GnuTLS accept; what they build is read
//! here; what is wrong is refused by all, and no input makes a reader fail otherwise.

#[cfg(test)]
mod certificate;
#[cfg(test)]
mod crl;
#[cfg(test)]
mod crl_tools;
#[cfg(test)]
mod house;
#[cfg(test)]
mod labels;
#[cfg(test)]
mod list_labels;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod ocsp;
#[cfg(test)]
mod ocsp_tools;
#[cfg(test)]
mod request;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod time_stamp;
#[cfg(test)]
mod tools;

use sekisho_x509 as x509;

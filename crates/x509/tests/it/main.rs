//! Requests, certificates, lists, answers and time stamps from outside: read whole, mutated, and
//! before the tools that everybody has.

#![cfg(test)]

use sekisho_x509 as x509;

mod certificate;
mod crl;
mod crl_tools;
mod house;
mod labels;
mod list_labels;
mod mutation;
mod ocsp;
mod ocsp_tools;
mod request;
mod time_stamp;
mod tools;

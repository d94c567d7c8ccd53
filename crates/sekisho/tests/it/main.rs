//! Journeys on the real program: each test has its own data directory and ends by verifying it.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod bureau;
#[cfg(test)]
mod certs;
#[cfg(test)]
mod certs_batch;
#[cfg(test)]
mod certs_issuing;
#[cfg(test)]
mod certs_requests;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod country;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod house;
#[cfg(test)]
mod issuing_faults;
#[cfg(test)]
mod key_devices;
#[cfg(test)]
mod keystore;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod marks;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod together;
#[cfg(test)]
mod verifying_parties;
#[cfg(test)]
mod witness;

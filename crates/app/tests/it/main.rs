//! Journeys of the use cases on both databases; each ends by walking the whole store.

#![cfg(test)]

mod authorities;
mod batches;
mod certifying;
mod disposing;
mod faults_of_signing;
mod feeding;
mod house;
mod judged;
mod judged_by_webpki;
mod listing;
mod publishing;
mod repeating;
mod responding;
mod roads;
mod rotating;
mod stocks;
mod telling;
mod verifying;
mod verifying_certificates;
mod verifying_parties;

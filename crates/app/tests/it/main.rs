//! Journeys of the use cases on both databases; each ends by walking the whole store.

#![cfg(test)]

mod authorities;
mod batches;
mod certifying;
mod disposing;
mod feeding;
mod house;
mod repeating;
mod rotating;
mod stocks;
mod verifying;
mod verifying_parties;

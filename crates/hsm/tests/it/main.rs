//! The key store on real tokens: SoftHSM2 in a child, healthy and sick.

mod copies;
mod devices;
mod healthy;
mod known;
mod sick;

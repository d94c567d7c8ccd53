//! The key store on real tokens: SoftHSM2 in a child, healthy and sick.

mod devices;
mod healthy;

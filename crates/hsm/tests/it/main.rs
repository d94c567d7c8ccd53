//! The key store on real tokens: SoftHSM2 in a child, healthy and sick.

#[cfg(test)]
mod copies;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod healthy;
#[cfg(test)]
mod known;
#[cfg(test)]
mod sick;

//! The API over a real network on a real store. Every test ends by verifying the whole store.

#[cfg(test)]
mod access;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod certifying;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod cosign;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod house;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod log;
#[cfg(test)]
mod marks;
#[cfg(test)]
mod path;
#[cfg(test)]
mod probing;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod stamping;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod verifying_parties;
#[cfg(test)]
mod witness;
#[cfg(test)]
mod witness_faults;

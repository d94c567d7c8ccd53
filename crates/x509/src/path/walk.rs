//! One path from the trust anchor down to the leaf (RFC 5280 §6.1), without revocation.
//!
//! Names and signatures chain already: the search made sure of it. The anchor is a certificate
//! too, and what it says of itself holds: its validity, its name constraints, its path length
//! (RFC 5937). Its policies do not count (RFC 5280 §6.1.1 d).

use super::certificate::Certificate;
use super::constraint;
use super::policy::{Policies, PolicyQuestion, PolicySet};
use super::refusal::{Reason, Refusal};
use super::search::Search;
use crate::KeyUsage;

impl Search<'_> {
    /// Walks down the path. Purpose and policies are asked of the leaf's own path only, not of
    /// that of a list's signer.
    pub(super) fn walk(&mut self, path: &[usize], own: bool) -> Result<PolicySet, Refusal> {
        let top = path.len() - 1;
        let anchor = self.pool[path[top]];
        self.check_anchor(anchor).map_err(|reason| Refusal::new(reason, top))?;
        let own_question = own.then(|| self.question.policies.clone());
        let question: PolicyQuestion = own_question.unwrap_or_default();
        let mut policies = Policies::new(&question, top as u32);
        let mut room = length_below(anchor).unwrap_or(u32::MAX);
        for depth in (0..top).rev() {
            let certificate = self.pool[path[depth]];
            self.check_itself(certificate, depth)?;
            self.check_names(path, depth)?;
            let refuse = |reason| Refusal::new(reason, depth);
            let free = certificate.is_self_issued() && depth > 0;
            policies.enter(&certificate.extensions, free).map_err(refuse)?;
            if own {
                self.question.purpose.check(certificate, depth == 0).map_err(refuse)?;
            }
            if depth > 0 {
                policies.prepare(&certificate.extensions, free).map_err(refuse)?;
                check_issuer(certificate, &mut room).map_err(refuse)?;
            }
        }
        let leaf = &self.pool[path[0]].extensions;
        policies.finish(leaf, &question).map_err(|reason| Refusal::new(reason, 0))
    }

    fn check_anchor(&self, anchor: &Certificate) -> Result<(), Reason> {
        self.check_validity(anchor)?;
        anchor.key.fits()?;
        if anchor.extensions.unknown_critical.is_some() {
            return Err(Reason::CriticalExtension);
        }
        // An anchor of version 1 or without the extension is an authority because it is trusted.
        if anchor.extensions.basic.is_some_and(|basic| !basic.ca) {
            return Err(Reason::NotACa);
        }
        if anchor.may(KeyUsage::KEY_CERT_SIGN) { Ok(()) } else { Err(Reason::KeyUsage) }
    }

    fn check_itself(&self, certificate: &Certificate, depth: usize) -> Result<(), Refusal> {
        let refuse = |reason| Refusal::new(reason, depth);
        self.check_validity(certificate).map_err(refuse)?;
        certificate.key.fits().map_err(refuse)?;
        match &certificate.extensions.unknown_critical {
            Some(oid) => Err(refuse(Reason::CriticalExtension).about(oid)),
            None => Ok(()),
        }
    }

    fn check_validity(&self, certificate: &Certificate) -> Result<(), Reason> {
        let second = self.question.at.seconds();
        if second < certificate.not_before.seconds() {
            Err(Reason::NotYetValid)
        } else if second > certificate.not_after.seconds() {
            Err(Reason::Expired)
        } else {
            Ok(())
        }
    }

    /// Holds the names of a certificate against every issuer above it (RFC 5280 §6.1.3 b, c). A
    /// self-issued issuer keeps its name.
    fn check_names(&mut self, path: &[usize], depth: usize) -> Result<(), Refusal> {
        let certificate = self.pool[path[depth]];
        if certificate.is_self_issued() && depth > 0 {
            return Ok(());
        }
        for id in &path[depth + 1..] {
            if let Some(constraints) = &self.pool[*id].extensions.name_constraints {
                constraint::check(certificate, constraints, &mut self.left.names)
                    .map_err(|reason| Refusal::new(reason, depth))?;
            }
        }
        Ok(())
    }
}

fn length_below(certificate: &Certificate) -> Option<u32> {
    certificate.extensions.basic.and_then(|basic| basic.path_length)
}

/// What an issuer must be (RFC 5280 §6.1.4 k-n); `room` counts the issuers that may still come.
fn check_issuer(certificate: &Certificate, room: &mut u32) -> Result<(), Reason> {
    if !certificate.is_ca() {
        return Err(Reason::NotACa);
    }
    if !certificate.may(KeyUsage::KEY_CERT_SIGN) {
        return Err(Reason::KeyUsage);
    }
    if !certificate.is_self_issued() {
        *room = room.checked_sub(1).ok_or(Reason::PathLength)?;
    }
    *room = length_below(certificate).map_or(*room, |length| length.min(*room));
    Ok(())
}

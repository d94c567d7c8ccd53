//! Whether a certificate of a path is revoked, by lists (RFC 5280 §6.3).
//!
//! A list counts when it is of the certificate's issuer, covers the certificate, is of this time,
//! has no unknown critical extension, and is signed by a key that speaks for the issuer. Indirect
//! lists are refused. Which keys speak for an issuer is narrower than in the RFC, where the name
//! alone decides: several generations of an authority may have one name, and a list of one of
//! them says nothing about certificates of another. So the signer is the issuer itself, a
//! certificate that it issued to its own name, one of its own name that issued it, or one for
//! lists alone that was issued under its name by the key that issued it.

use super::Revocation;
use super::certificate::Certificate;
use super::crl::Crl;
use super::extension::{DistributionPoint, PointName};
use super::name::{GeneralName, Name};
use super::purpose::Purpose;
use super::refusal::{Reason, Refusal};
use super::search::{Search, spend};
use crate::{KeyUsage, RevocationReason};

/// What is known of one certificate so far.
struct Inquiry<'p> {
    path: &'p [usize],
    depth: usize,
    /// Certificates whose state is asked for already: a list cannot vouch for its own signer.
    asking: &'p [usize],
    /// Reasons covered, as ReasonFlags.
    covered: u16,
    /// The list that came nearest to counting, and why it did not.
    failed: Option<Reason>,
}

impl Inquiry<'_> {
    fn fail(&mut self, reason: Reason) {
        self.failed = self.failed.max(Some(reason));
    }
}

impl Search<'_> {
    /// Asks for every certificate below the anchor, from the top.
    pub(super) fn check_revocation(&mut self, path: &[usize]) -> Result<(), Refusal> {
        let lists = match self.question.revocation {
            Revocation::None => return Ok(()),
            Revocation::IfPresent | Revocation::Required => self.newest_first(),
        };
        for depth in (0..path.len() - 1).rev() {
            let certificate = self.pool[path[depth]];
            let responder = depth == 0 && self.question.purpose == Purpose::Ocsp;
            // What its issuer exempts (RFC 6960 §4.2.2.2.1).
            if responder && certificate.extensions.no_check {
                continue;
            }
            self.ask(path, depth, &[], &lists)?;
        }
        Ok(())
    }

    fn newest_first(&self) -> Vec<usize> {
        let crls = self.question.crls;
        let mut order: Vec<usize> = (0..crls.len()).collect();
        let newness = |at: usize| (crls[at].number, crls[at].this_update);
        order.sort_by_key(|at| std::cmp::Reverse(newness(*at)));
        order
    }

    /// Asks for the certificate at `depth` of the path.
    fn ask(
        &mut self,
        path: &[usize],
        depth: usize,
        asking: &[usize],
        lists: &[usize],
    ) -> Result<(), Refusal> {
        let certificate = self.pool[path[depth]];
        let refuse = |reason| Refusal::new(reason, depth);
        let own: Vec<usize> = lists
            .iter()
            .copied()
            .filter(|list| self.question.crls[*list].issuer == certificate.issuer)
            .collect();
        let mut inquiry = Inquiry { path, depth, asking, covered: 0, failed: None };
        let implied = implied_point(&certificate.issuer);
        let points = certificate.extensions.distribution_points.iter().chain([&implied]);
        for point in points {
            if is_elsewhere(point, &certificate.issuer) {
                inquiry.fail(Reason::CrlIndirect);
                continue;
            }
            for list in &own {
                spend(&mut self.left.candidates, 1).map_err(refuse)?;
                self.consult(*list, point, &mut inquiry, lists)?;
                if inquiry.covered == ALL_REASONS {
                    return Ok(());
                }
            }
        }
        let lenient = self.question.revocation == Revocation::IfPresent;
        match inquiry.failed {
            None if inquiry.covered != 0 => Err(refuse(Reason::CrlReasons)),
            None | Some(Reason::CrlScope | Reason::CrlIndirect) if lenient && own.is_empty() => {
                Ok(())
            }
            None => Err(refuse(Reason::RevocationUnknown)),
            Some(reason) => Err(refuse(reason)),
        }
    }

    /// Looks into one list for one distribution point (RFC 5280 §6.3.3 b-l).
    fn consult(
        &mut self,
        at: usize,
        point: &DistributionPoint,
        inquiry: &mut Inquiry<'_>,
        lists: &[usize],
    ) -> Result<(), Refusal> {
        let crls = self.question.crls;
        let list = &crls[at];
        let certificate = self.pool[inquiry.path[inquiry.depth]];
        let reasons = match self.covers(list, certificate, point) {
            Ok(reasons) if reasons & !inquiry.covered == 0 => return Ok(()),
            Ok(reasons) => reasons,
            Err(Reason::Limit) => return Err(Refusal::new(Reason::Limit, inquiry.depth)),
            Err(reason) => {
                inquiry.fail(reason);
                return Ok(());
            }
        };
        let usable = match self.is_current(list) {
            Ok(()) => self.signer(at, inquiry, lists),
            Err(reason) => Err(reason),
        };
        let signer = match usable {
            Ok(signer) => signer,
            Err(Reason::Limit) => return Err(Refusal::new(Reason::Limit, inquiry.depth)),
            Err(reason) => {
                inquiry.fail(reason);
                return Ok(());
            }
        };
        let delta = self.delta(at, signer, lists);
        let delta = delta.map_err(|reason| Refusal::new(reason, inquiry.depth))?;
        let said = delta.and_then(|delta| crls[delta].find(&certificate.serial));
        let released = said == Some(RevocationReason::RemoveFromCrl);
        let entry = if released { None } else { said.or_else(|| list.find(&certificate.serial)) };
        if let Some(why) = entry {
            let held = why == RevocationReason::CertificateHold;
            let reason = if held { Reason::OnHold } else { Reason::Revoked };
            return Err(Refusal::new(reason, inquiry.depth).about(why));
        }
        inquiry.covered |= reasons;
        Ok(())
    }

    /// The reasons that a list covers for a certificate at one of its distribution points.
    fn covers(
        &mut self,
        list: &Crl,
        certificate: &Certificate,
        point: &DistributionPoint,
    ) -> Result<u16, Reason> {
        if list.base.is_some() {
            return Err(Reason::CrlDelta);
        }
        let scope = &list.scope;
        let issuer = &certificate.issuer;
        let authority = certificate.is_ca();
        let other = scope.attributes_only
            || (scope.users_only && authority)
            || (scope.authorities_only && !authority)
            || !scope.is_of(point, issuer, &mut self.left.names)?;
        if other {
            return Err(Reason::CrlScope);
        }
        if list.indirect {
            return Err(Reason::CrlIndirect);
        }
        let of_point = point.reasons.unwrap_or(ALL_REASONS);
        Ok(of_point & scope.reasons.unwrap_or(ALL_REASONS) & ALL_REASONS)
    }

    /// Whether the list is of this time and holds nothing unknown.
    fn is_current(&self, list: &Crl) -> Result<(), Reason> {
        let second = self.question.at.seconds();
        if list.has_unknown {
            Err(Reason::CrlExtension)
        } else if second < list.this_update.seconds() {
            Err(Reason::CrlNotYetValid)
        } else if list.next_update.is_none_or(|next| second > next.seconds()) {
            Err(Reason::CrlExpired)
        } else {
            Ok(())
        }
    }

    /// The certificate that signed the list and speaks for the issuer.
    fn signer(
        &mut self,
        at: usize,
        inquiry: &Inquiry<'_>,
        lists: &[usize],
    ) -> Result<usize, Reason> {
        let list = &self.question.crls[at];
        let mut failed = Reason::CrlIssuer;
        let issuers = &inquiry.path[inquiry.depth + 1..];
        let generations = self.generations(issuers);
        for id in 0..self.pool.len() {
            let candidate = self.pool[id];
            let of_key = candidate.has_key_id(list.authority_key.as_deref());
            if candidate.subject != list.issuer || !of_key {
                continue;
            }
            spend(&mut self.left.candidates, 1)?;
            if !candidate.may(KeyUsage::CRL_SIGN) {
                continue;
            }
            match self.check_list(at, id) {
                Ok(()) if issuers[..generations].contains(&id) => return Ok(id),
                Ok(()) => {}
                Err(Reason::Limit) => return Err(Reason::Limit),
                Err(reason) => {
                    failed = reason;
                    continue;
                }
            }
            if self.speaks_for(id, generations, inquiry, lists)? {
                return Ok(id);
            }
        }
        Err(failed)
    }

    /// How many of the issuers, from the lowest, are one authority that changed its key.
    fn generations(&self, issuers: &[usize]) -> usize {
        let rollovers = issuers.iter().take_while(|id| self.pool[**id].is_self_issued()).count();
        issuers.len().min(rollovers + 1)
    }

    /// Whether another certificate of the issuer's name signs lists for it, is valid, and is not
    /// revoked itself.
    fn speaks_for(
        &mut self,
        id: usize,
        generations: usize,
        inquiry: &Inquiry<'_>,
        lists: &[usize],
    ) -> Result<bool, Reason> {
        if self.is_anchor(id) || inquiry.asking.contains(&id) || inquiry.asking.len() >= NESTED_MAX
        {
            return Ok(false);
        }
        let issuers = &inquiry.path[inquiry.depth + 1..];
        for (at, above) in issuers.iter().enumerate().take(generations + 1) {
            let beside = at == generations;
            if beside && !self.is_for_lists_alone(id) {
                break;
            }
            if self.pool[*above].subject != self.pool[id].issuer || *above == id {
                continue;
            }
            match self.check_signature(id, *above) {
                Ok(()) => {}
                Err(Reason::Limit) => return Err(Reason::Limit),
                Err(_) => continue,
            }
            spend(&mut self.left.paths, 1)?;
            let path = [&[id], &issuers[at..]].concat();
            let asking = [inquiry.asking, &[id]].concat();
            let valid = self.walk(&path, false).map(drop);
            let valid = valid.and_then(|()| self.ask(&path, 0, &asking, lists));
            match valid {
                Ok(()) => return Ok(true),
                Err(refusal) if refusal.reason == Reason::Limit => return Err(Reason::Limit),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    fn is_for_lists_alone(&self, id: usize) -> bool {
        let usage = self.pool[id].extensions.key_usage;
        usage.is_some_and(|usage| {
            usage.has(KeyUsage::CRL_SIGN) && !usage.has(KeyUsage::KEY_CERT_SIGN)
        })
    }

    fn check_list(&mut self, at: usize, signer: usize) -> Result<(), Reason> {
        if let Some(known) = self.list_signatures.get(&(at, signer)) {
            return *known;
        }
        spend(&mut self.left.signatures, 1)?;
        let found = self.question.crls[at].check(&self.pool[signer].key);
        let found = found.map_err(|reason| match reason {
            Reason::WeakHash | Reason::Algorithm => reason,
            _ => Reason::CrlSignature,
        });
        self.list_signatures.insert((at, signer), found);
        found
    }

    /// The newest delta list that goes with a complete one (RFC 5280 §5.2.4, §6.3.3 c).
    fn delta(
        &mut self,
        complete: usize,
        signer: usize,
        lists: &[usize],
    ) -> Result<Option<usize>, Reason> {
        for at in lists {
            let goes = continues(&self.question.crls[*at], &self.question.crls[complete]);
            if !goes || self.is_current(&self.question.crls[*at]).is_err() {
                continue;
            }
            match self.check_list(*at, signer) {
                Ok(()) => return Ok(Some(*at)),
                Err(Reason::Limit) => return Err(Reason::Limit),
                Err(_) => {}
            }
        }
        Ok(None)
    }
}

/// Whether `delta` tells what changed after `complete`.
fn continues(delta: &Crl, complete: &Crl) -> bool {
    let (Some(base), Some(number)) = (delta.base, delta.number) else { return false };
    let follows = complete.number.is_some_and(|have| base <= have && have < number);
    follows
        && delta.issuer == complete.issuer
        && delta.scope.bytes == complete.scope.bytes
        && delta.authority_key == complete.authority_key
        && !delta.indirect
}

/// Where the lists of an issuer are that a certificate does not name (RFC 5280 §6.3.3, last
/// paragraphs).
fn implied_point(issuer: &Name) -> DistributionPoint {
    let name = PointName::Full(vec![GeneralName::Directory(issuer.clone())]);
    DistributionPoint { name: Some(name), ..DistributionPoint::default() }
}

/// Whether the lists of a point are another issuer's.
fn is_elsewhere(point: &DistributionPoint, issuer: &Name) -> bool {
    let is = |name: &GeneralName| matches!(name, GeneralName::Directory(name) if name == issuer);
    point.crl_issuer.as_ref().is_some_and(|names| !names.iter().any(is))
}

/// Bits 1 to 8 of ReasonFlags.
const ALL_REASONS: u16 = 0x7f80;
/// How many signers of lists deep a question may go.
const NESTED_MAX: usize = 3;

//! Certificate policies along a path: RFC 5280 §6.1 as RFC 9618 amends it.
//!
//! The valid policies form a graph with one node per policy and certificate, not a tree: mappings
//! cannot make it grow faster than what the certificates spell out. A node is named by its policy;
//! its parents stand one level above.

use super::extension::Extensions;
use super::oid::Oid;
use super::refusal::Reason;
use std::collections::{BTreeMap, BTreeSet};

/// The policies for which a path is valid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PolicySet {
    /// Every policy.
    Any,
    /// These, dotted; may be none.
    These(BTreeSet<String>),
}

/// What the caller asks of policies (RFC 5280 §6.1.1 c, e, f, g).
#[derive(Clone, Default, Debug)]
pub struct PolicyQuestion {
    /// The policies that are wanted; empty means any.
    pub wanted: Vec<const_oid::ObjectIdentifier>,
    /// A policy must be valid.
    pub require_explicit: bool,
    /// Mappings count for nothing.
    pub inhibit_mapping: bool,
    /// anyPolicy counts for nothing.
    pub inhibit_any: bool,
}

/// The state between two certificates of a path.
pub(super) struct Policies {
    /// One level per certificate seen; empty once no policy is valid.
    levels: Vec<BTreeMap<Oid, Node>>,
    require_explicit: u32,
    inhibit_mapping: u32,
    inhibit_any: u32,
    any: Oid,
}

struct Node {
    expected: BTreeSet<Oid>,
    parents: BTreeSet<Oid>,
}

impl Policies {
    /// For a path with `certificates` below the trust anchor (RFC 5280 §6.1.2).
    pub(super) fn new(question: &PolicyQuestion, certificates: u32) -> Self {
        let any = Oid::of(ANY_POLICY);
        let counter = |now: bool| if now { 0 } else { certificates.saturating_add(1) };
        let root = Node { expected: [any.clone()].into(), parents: BTreeSet::new() };
        Self {
            levels: vec![[(any.clone(), root)].into()],
            require_explicit: counter(question.require_explicit),
            inhibit_mapping: counter(question.inhibit_mapping),
            inhibit_any: counter(question.inhibit_any),
            any,
        }
    }

    /// Takes in the next certificate (RFC 5280 §6.1.3 d-f). `freely` says that it is self-issued
    /// and not the last.
    pub(super) fn enter(&mut self, extensions: &Extensions, freely: bool) -> Result<(), Reason> {
        match &extensions.policies {
            Some(policies) if !self.levels.is_empty() => {
                self.grow(policies, self.inhibit_any > 0 || freely);
            }
            _ => self.levels.clear(),
        }
        if self.require_explicit > 0 || !self.levels.is_empty() {
            Ok(())
        } else {
            Err(Reason::Policy)
        }
    }

    /// Prepares for the certificate below an issuer (RFC 5280 §6.1.4 a, b, h-j).
    pub(super) fn prepare(&mut self, extensions: &Extensions, free: bool) -> Result<(), Reason> {
        let named = extensions.mappings.iter().flat_map(|(from, to)| [from, to]);
        if named.clone().any(|policy| *policy == self.any) {
            return Err(Reason::PolicyMapping);
        }
        self.map(&extensions.mappings);
        let step = u32::from(!free);
        self.require_explicit = self.require_explicit.saturating_sub(step);
        self.inhibit_mapping = self.inhibit_mapping.saturating_sub(step);
        self.inhibit_any = self.inhibit_any.saturating_sub(step);
        let said = extensions.policy_constraints;
        let tighten = |counter: u32, said: Option<u32>| counter.min(said.unwrap_or(u32::MAX));
        self.require_explicit = tighten(self.require_explicit, said.require_explicit);
        self.inhibit_mapping = tighten(self.inhibit_mapping, said.inhibit_mapping);
        self.inhibit_any = tighten(self.inhibit_any, extensions.inhibit_any_policy);
        Ok(())
    }

    /// The verdict after the last certificate (RFC 5280 §6.1.5 a, b, g).
    pub(super) fn finish(
        mut self,
        last: &Extensions,
        question: &PolicyQuestion,
    ) -> Result<PolicySet, Reason> {
        self.require_explicit = self.require_explicit.saturating_sub(1);
        if last.policy_constraints.require_explicit == Some(0) {
            self.require_explicit = 0;
        }
        let valid = self.valid(question);
        if self.require_explicit > 0 || valid != PolicySet::These(BTreeSet::new()) {
            Ok(valid)
        } else {
            Err(Reason::Policy)
        }
    }

    /// The next level of the graph (RFC 9618 §5.3).
    fn grow(&mut self, policies: &BTreeSet<Oid>, any_counts: bool) {
        let Some(above) = self.levels.last() else { return };
        let mut expecting: BTreeMap<&Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (valid, node) in above {
            for policy in &node.expected {
                expecting.entry(policy).or_default().insert(valid.clone());
            }
        }
        let node = |policy: &Oid, parents: BTreeSet<Oid>| {
            (policy.clone(), Node { expected: [policy.clone()].into(), parents })
        };
        let mut level = BTreeMap::new();
        for policy in policies.iter().filter(|policy| **policy != self.any) {
            let under_any = || above.contains_key(&self.any).then(|| [self.any.clone()].into());
            let parents = expecting.get(policy).cloned().or_else(under_any);
            level.extend(parents.map(|parents| node(policy, parents)));
        }
        if any_counts && policies.contains(&self.any) {
            for (policy, parents) in expecting {
                if !level.contains_key(policy) {
                    level.extend([node(policy, parents)]);
                }
            }
        }
        self.levels.push(level);
        self.prune();
    }

    /// Applies an issuer's mappings (RFC 9618 §5.4).
    fn map(&mut self, mappings: &[(Oid, Oid)]) {
        let mut by_issuer: BTreeMap<&Oid, BTreeSet<Oid>> = BTreeMap::new();
        for (from, to) in mappings {
            by_issuer.entry(from).or_default().insert(to.clone());
        }
        let Some(level) = self.levels.last_mut() else { return };
        for (from, to) in by_issuer {
            if self.inhibit_mapping == 0 {
                level.remove(from);
            } else if let Some(node) = level.get_mut(from) {
                node.expected = to;
            } else if level.contains_key(&self.any) {
                let parents = [self.any.clone()].into();
                level.insert(from.clone(), Node { expected: to, parents });
            }
        }
        self.prune();
    }

    /// Drops nodes that lead to nothing on the lowest level.
    fn prune(&mut self) {
        for at in (1..self.levels.len()).rev() {
            let needed: BTreeSet<Oid> =
                self.levels[at].values().flat_map(|node| node.parents.iter().cloned()).collect();
            self.levels[at - 1].retain(|policy, _| needed.contains(policy));
        }
        if self.levels.last().is_some_and(BTreeMap::is_empty) {
            self.levels.clear();
        }
    }

    /// The user-constrained policies (RFC 9618 §5.5).
    fn valid(&self, question: &PolicyQuestion) -> PolicySet {
        let Some(lowest) = self.levels.last() else { return PolicySet::These(BTreeSet::new()) };
        let any_holds = lowest.contains_key(&self.any);
        // What the anchor's own domain calls the policies: the nodes right below anyPolicy.
        let below_any = self
            .levels
            .iter()
            .flatten()
            .filter(|(policy, node)| **policy != self.any && node.parents.contains(&self.any));
        let named: BTreeSet<String> = below_any.map(|(policy, _)| policy.to_string()).collect();
        let wanted: BTreeSet<String> = question.wanted.iter().map(ToString::to_string).collect();
        let any_wanted = wanted.is_empty() || wanted.contains(&self.any.to_string());
        match (any_holds, any_wanted) {
            (true, true) => PolicySet::Any,
            (false, true) => PolicySet::These(named),
            (true, false) => PolicySet::These(wanted),
            (false, false) => PolicySet::These(&named & &wanted),
        }
    }
}

/// 2.5.29.32.0.
const ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x20, 0];

#[cfg(test)]
mod tests {
    use super::*;
    use const_oid::ObjectIdentifier;
    use proptest::prelude::*;

    fn oid(last: u8) -> Oid {
        if last == 0 { Oid::of(ANY_POLICY) } else { Oid::of(&[0x2a, last]) }
    }

    fn carrying(policies: &[u8], mappings: &[(u8, u8)]) -> Extensions {
        Extensions {
            policies: (!policies.is_empty()).then(|| policies.iter().copied().map(oid).collect()),
            mappings: mappings.iter().map(|(from, to)| (oid(*from), oid(*to))).collect(),
            ..Extensions::default()
        }
    }

    fn these(policies: &[u8]) -> PolicySet {
        PolicySet::These(policies.iter().map(|last| oid(*last).to_string()).collect())
    }

    fn run(question: &PolicyQuestion, path: &[Extensions]) -> Result<PolicySet, Reason> {
        let mut state = Policies::new(question, path.len() as u32);
        let (last, issuers) = path.split_last().unwrap();
        for issuer in issuers {
            state.enter(issuer, false)?;
            state.prepare(issuer, false)?;
        }
        state.enter(last, false)?;
        state.finish(last, question)
    }

    fn explicit() -> PolicyQuestion {
        PolicyQuestion { require_explicit: true, ..PolicyQuestion::default() }
    }

    fn wanting(last: u8) -> PolicyQuestion {
        PolicyQuestion {
            wanted: vec![ObjectIdentifier::new(&oid(last).to_string()).unwrap()],
            ..explicit()
        }
    }

    #[test]
    fn policies_are_carried_mapped_and_cut() {
        let plain = [carrying(&[1, 2], &[]), carrying(&[2, 3], &[])];
        assert_eq!(run(&explicit(), &plain), Ok(these(&[2])));
        assert_eq!(run(&wanting(2), &plain), Ok(these(&[2])));
        assert_eq!(run(&wanting(1), &plain), Err(Reason::Policy));
        let mapped = [carrying(&[1], &[(1, 2)]), carrying(&[2], &[])];
        assert_eq!(run(&explicit(), &mapped), Ok(these(&[1])));
        assert_eq!(run(&wanting(2), &mapped), Err(Reason::Policy));
        let inhibited = PolicyQuestion { inhibit_mapping: true, ..explicit() };
        assert_eq!(run(&inhibited, &mapped), Err(Reason::Policy));
        let any = [carrying(&[0], &[]), carrying(&[0], &[])];
        assert_eq!(run(&explicit(), &any), Ok(PolicySet::Any));
        assert_eq!(run(&wanting(7), &any), Ok(these(&[7])));
        let no_any = PolicyQuestion { inhibit_any: true, ..explicit() };
        assert_eq!(run(&no_any, &any), Err(Reason::Policy));
        let none = [carrying(&[], &[]), carrying(&[1], &[])];
        assert_eq!(run(&explicit(), &none), Err(Reason::Policy));
        assert_eq!(run(&PolicyQuestion::default(), &none), Ok(these(&[])));
        for mapping in [(0, 1), (1, 0)] {
            let wrong = [carrying(&[1], &[mapping]), carrying(&[1], &[])];
            assert_eq!(run(&PolicyQuestion::default(), &wrong), Err(Reason::PolicyMapping));
        }
    }

    /// Twenty issuers that map every policy to every other: a tree would have 6²⁰ leaves.
    #[test]
    fn mappings_do_not_multiply() {
        let all: Vec<u8> = (1..=6).collect();
        let cross: Vec<(u8, u8)> =
            all.iter().flat_map(|from| all.iter().map(|to| (*from, *to))).collect();
        let mut path = vec![carrying(&all, &cross); 20];
        path.push(carrying(&all, &[]));
        assert_eq!(run(&explicit(), &path), Ok(these(&all)));
    }

    proptest! {
        /// The graph says what the tree of RFC 5280 §6.1.3, written out naively, would say.
        #[test]
        fn the_graph_agrees_with_the_tree(
            path in prop::collection::vec(
                (
                    prop::collection::btree_set(0_u8..5, 0..4),
                    prop::collection::btree_set((1_u8..5, 1_u8..5), 0..4),
                ),
                1..5,
            ),
            wanted in 0_u8..5,
            inhibit_mapping: bool,
            inhibit_any: bool,
        ) {
            let wanted = if wanted == 0 { explicit() } else { wanting(wanted) };
            let question = PolicyQuestion { inhibit_mapping, inhibit_any, ..wanted };
            let certificates: Vec<Extensions> = path
                .iter()
                .map(|(policies, mappings)| {
                    let policies: Vec<u8> = policies.iter().copied().collect();
                    let mappings: Vec<(u8, u8)> = mappings.iter().copied().collect();
                    carrying(&policies, &mappings)
                })
                .collect();
            let by_graph = run(&question, &certificates);
            let by_tree = tree(&question, &path);
            prop_assert_eq!(by_graph.unwrap_or_else(|_| these(&[])), by_tree);
        }
    }

    type Spelled = (BTreeSet<u8>, BTreeSet<(u8, u8)>);

    /// Every branch of the policy tree as the list of its nodes; no node is shared.
    fn tree(question: &PolicyQuestion, path: &[Spelled]) -> PolicySet {
        type Branch = Vec<(u8, BTreeSet<u8>)>;
        let mut branches: Vec<Branch> = vec![vec![(0, [0].into())]];
        for (at, (policies, mappings)) in path.iter().enumerate() {
            let mut next: Vec<Branch> = Vec::new();
            let grown =
                |branch: &Branch, policy: u8| [&branch[..], &[(policy, [policy].into())]].concat();
            for policy in policies.iter().filter(|policy| **policy != 0) {
                let matching = |branch: &&Branch| branch.last().unwrap().1.contains(policy);
                let below_any = |branch: &&Branch| branch.last().unwrap().0 == 0;
                let direct: Vec<_> = branches.iter().filter(matching).collect();
                let parents = if direct.is_empty() {
                    branches.iter().filter(below_any).collect()
                } else {
                    direct
                };
                next.extend(parents.into_iter().map(|branch| grown(branch, *policy)));
            }
            if policies.contains(&0) && !question.inhibit_any {
                for branch in &branches {
                    for expected in branch.last().unwrap().1.clone() {
                        let child = grown(branch, expected);
                        if !next.contains(&child) {
                            next.push(child);
                        }
                    }
                }
            }
            if at + 1 < path.len() {
                for from in 1..5 {
                    let to: BTreeSet<u8> =
                        mappings.iter().filter(|(f, _)| *f == from).map(|(_, to)| *to).collect();
                    if to.is_empty() {
                        continue;
                    }
                    let is = |branch: &Branch| branch.last().unwrap().0 == from;
                    if question.inhibit_mapping {
                        next.retain(|branch| !is(branch));
                    } else if next.iter().any(is) {
                        for branch in next.iter_mut().filter(|branch| is(branch)) {
                            branch.last_mut().unwrap().1 = to.clone();
                        }
                    } else {
                        let any = next.iter().filter(|branch| branch.last().unwrap().0 == 0);
                        let mapped: Vec<Branch> = any
                            .map(|branch| {
                                let above = &branch[..branch.len() - 1];
                                [above, &[(from, to.clone())]].concat()
                            })
                            .collect();
                        next.extend(mapped);
                    }
                }
            }
            branches = next;
        }
        let any_holds = branches.iter().any(|branch| branch.last().unwrap().0 == 0);
        let named: BTreeSet<String> = branches
            .iter()
            .filter_map(|branch| branch.iter().find(|node| node.0 != 0))
            .map(|node| oid(node.0).to_string())
            .collect();
        let wanted: BTreeSet<String> = question.wanted.iter().map(ToString::to_string).collect();
        match (any_holds, wanted.is_empty()) {
            (true, true) => PolicySet::Any,
            (true, false) => PolicySet::These(wanted),
            (false, true) => PolicySet::These(named),
            (false, false) => PolicySet::These(&named & &wanted),
        }
    }
}

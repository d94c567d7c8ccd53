//! Who holds a code, a number, a name: kept with the rows they belong to, in tables of their own.
//!
//! Owns `code_holder`, `number_holder` and `name_holder`. Entries of codes and numbers stay for
//! ever; the key of these tables is what makes a second holder impossible (invariant N1). Entries
//! of names follow the person's row. All are written in the order of their keys.

use crate::engine::{Engine, Param, Type};
use crate::record::{Columns, blob, int};
use crate::session::Session;
use crate::tables::{self, Table};
use base::{PersonId, Problem, labels};
use ports::View as _;
use ports::rows::{NumberRow, PersonRow, RecordCodeRow};
use seal::BlindIndex;
use std::collections::BTreeMap;

/// An entry: the index, the person, and which of the person's rows it is.
type Holder = (BlindIndex, i64, i64);

/// What changes in who has which name.
pub(crate) struct Renamed {
    gone: Vec<(BlindIndex, PersonId)>,
    come: Vec<(BlindIndex, PersonId)>,
}

impl<E: Engine> Session<E> {
    /// Enters the holders of codes.
    pub(crate) fn hold_codes(&mut self, rows: &[RecordCodeRow]) -> Result<(), Problem> {
        let entry = |row: &RecordCodeRow| (row.code_index, row.person.0, row.ordinal);
        self.hold(&tables::CODE_HOLDER, rows.iter().map(entry).collect())
    }

    /// Enters the holders of numbers.
    pub(crate) fn hold_numbers(&mut self, rows: &[NumberRow]) -> Result<(), Problem> {
        let entry = |row: &NumberRow| (row.number_index, row.person.0, row.generation);
        self.hold(&tables::NUMBER_HOLDER, rows.iter().map(entry).collect())
    }

    /// An entry that is there may come again, as with a row that is written again; another holder
    /// is refused, here within a batch and by the table beyond.
    fn hold(&mut self, table: &'static Table, mut entries: Vec<Holder>) -> Result<(), Problem> {
        // The last row of a key is the one that stays; of the others nobody is a holder.
        entries.reverse();
        entries.sort_by_key(|(_, person, row)| (*person, *row));
        entries.dedup_by_key(|(_, person, row)| (*person, *row));
        entries.sort_unstable();
        if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            let twice = Problem::new(&labels::STORE_CONSTRAINT, "two holders of one index");
            return self.ask(|_| Err(twice));
        }
        let mut values = Vec::with_capacity(entries.len() * 3);
        entries.iter().for_each(|(index, person, row)| {
            values.extend([blob(index.as_bytes()), int(*person), int(*row)]);
        });
        self.put(table, &values)
    }

    /// Where the persons that hold these indexes have their rows, in the order of the indexes.
    pub(crate) fn holders(
        &mut self,
        table: &'static Table,
        indexes: &[BlindIndex],
    ) -> Result<Vec<Option<[Param<'static>; 2]>>, Problem> {
        let keys: Vec<_> = indexes.iter().map(|index| blob(index.as_bytes())).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.ask(|engine| engine.look_up(table, &[table.key[0]], &keys))?;
        let place = |row| {
            let mut columns = Columns::new(row);
            columns.skip();
            Ok([int(columns.int()?), int(columns.int()?)])
        };
        found.into_iter().map(|row| row.map(place).transpose()).collect()
    }

    /// The persons of this name and birth date, by number.
    pub(crate) fn named(&mut self, index: &BlindIndex) -> Result<Vec<PersonId>, Problem> {
        let sql = "SELECT person FROM name_holder WHERE name_birth_index = $1 ORDER BY person";
        let params = [blob(index.as_bytes())];
        let found = self.ask(|engine| engine.query(sql, &params, &[Type::Int]))?;
        found.into_iter().map(|row| Columns::new(row).int().map(PersonId)).collect()
    }

    /// What these persons' rows will change; to be asked before they are written.
    pub(crate) fn renamed(&mut self, rows: &[PersonRow]) -> Result<Renamed, Problem> {
        let mut renamed = Renamed { gone: Vec::new(), come: Vec::new() };
        // The last row of a person is the one that stays.
        let after: BTreeMap<PersonId, Option<BlindIndex>> =
            rows.iter().map(|row| (row.id, row.name_birth_index)).collect();
        let newest = if after.is_empty() { PersonId(0) } else { self.last_person()? };
        let there: Vec<_> = after.range(..=newest).map(|(id, _)| int(id.0)).collect();
        let mut before = BTreeMap::new();
        if !there.is_empty() {
            let table = &tables::PERSON_NAME;
            let found = self.ask(|engine| engine.look_up(table, table.key, &there))?;
            for row in found.into_iter().flatten() {
                let mut columns = Columns::new(row);
                before.insert(PersonId(columns.int()?), columns.index_or_null()?);
            }
        }
        for (person, after) in after {
            let before = before.get(&person).copied().flatten();
            if before != after {
                renamed.gone.extend(before.map(|index| (index, person)));
                renamed.come.extend(after.map(|index| (index, person)));
            }
        }
        Ok(renamed)
    }

    /// Carries these changes out.
    pub(crate) fn rename(&mut self, mut renamed: Renamed) -> Result<(), Problem> {
        renamed.gone.sort_unstable();
        renamed.come.sort_unstable();
        self.delete(&tables::NAME_HOLDER, &names(&renamed.gone))?;
        self.put(&tables::NAME_HOLDER, &names(&renamed.come))
    }

    /// Where holders and the rows they stand for do not agree.
    pub(crate) fn holder_faults(&mut self) -> Result<Vec<String>, Problem> {
        let mut faults = Vec::new();
        for (what, sql) in HOLDER_FAULTS {
            let rows = self.ask(|engine| engine.query(sql, &[], &[Type::Int]))?;
            let count = rows.into_iter().next().map_or(Ok(0), |row| Columns::new(row).int())?;
            if count != 0 {
                faults.push(format!("{what}: {count}"));
            }
        }
        Ok(faults)
    }
}

fn names(entries: &[(BlindIndex, PersonId)]) -> Vec<Param<'_>> {
    entries.iter().flat_map(|(index, person)| [blob(index.as_bytes()), int(person.0)]).collect()
}

/// Each counts rows that should not be. That every row has its entry and there are as many entries
/// as rows makes them the same.
const HOLDER_FAULTS: [(&str, &str); 6] = [
    (
        "codes without their holder",
        "SELECT COUNT(*) FROM record_code r WHERE NOT EXISTS (SELECT 1 FROM code_holder h \
         WHERE h.code_index = r.code_index AND h.person = r.person AND h.ordinal = r.ordinal)",
    ),
    (
        "holders without their code",
        "SELECT (SELECT COUNT(*) FROM code_holder) - (SELECT COUNT(*) FROM record_code)",
    ),
    (
        "numbers without their holder",
        "SELECT COUNT(*) FROM individual_number r WHERE NOT EXISTS (SELECT 1 FROM number_holder h \
         WHERE h.number_index = r.number_index AND h.person = r.person \
         AND h.generation = r.generation)",
    ),
    (
        "holders without their number",
        "SELECT (SELECT COUNT(*) FROM number_holder) - (SELECT COUNT(*) FROM individual_number)",
    ),
    (
        "names without their holder",
        "SELECT COUNT(*) FROM person p WHERE p.name_birth_index IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM name_holder h \
         WHERE h.name_birth_index = p.name_birth_index AND h.person = p.id)",
    ),
    (
        "holders without their name",
        "SELECT (SELECT COUNT(*) FROM name_holder) - (SELECT COUNT(*) FROM person \
         WHERE name_birth_index IS NOT NULL)",
    ),
];

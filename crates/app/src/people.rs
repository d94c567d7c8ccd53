//! Persons between their sealed rows and the domain's `Resident`.
//!
//! Owns which fields are sealed together (`identity`, `contact`) and how. Everything a person's row
//! holds in the clear is a state or a keyed index.

use crate::platform::Platform;
use crate::work::{broken, generation_of};
use base::{Date, Entropy, Personal, Problem, labels};
use numbers::{IndividualNumber, ResidentRecordCode, assignment::Generation};
use ports::rows::{NumberRow, PersonRow, RecordCodeRow, status};
use registry::ResidentRecord;
use registry::resident::{NumberState, Resident, Status};
use seal::{DigestKey, OpenedKey, Place};
use zeroize::Zeroizing;

/// A person, loaded: the open data key and what is so now. The row is as it was read, or as it was
/// begun, until [`Person::sealed`] makes the next.
pub struct Person {
    pub(crate) row: PersonRow,
    pub(crate) key: OpenedKey,
    pub(crate) resident: Resident,
    pub(crate) dirty: bool,
}

impl Person {
    /// Opens a person's row.
    pub(crate) fn open(
        row: PersonRow,
        key: OpenedKey,
        code: &RecordCodeRow,
    ) -> Result<Self, Problem> {
        let generation = generation_of(row.key_generation)?;
        let code = open_code(&key, code, generation)?;
        let (record, since) = open_record(&row, &key, generation)?;
        let resident = Resident {
            code,
            municipality: row.municipality,
            status: status_from(row.status)?,
            since,
            number: number_state(&row)?,
            record,
        };
        Ok(Self { row, key, resident, dirty: false })
    }

    /// The person as the domain sees them.
    pub fn resident(&self) -> &Resident {
        &self.resident
    }

    /// Takes over a new state; `row` follows in [`Self::sealed`].
    pub(crate) fn become_state(&mut self, resident: Resident) {
        self.resident = resident;
        self.dirty = true;
    }

    /// The row after disposal: who kept the record last, and nothing that could be opened or found.
    pub(crate) fn emptied(&self) -> PersonRow {
        let status = status::DISPOSED;
        PersonRow { status, identity: None, contact: None, name_birth_index: None, ..self.bare() }
    }

    /// The row of the present state without what is sealed anew.
    fn bare(&self) -> PersonRow {
        let number = self.resident.generation();
        PersonRow {
            municipality: self.resident.municipality,
            status: stored_status(self.resident.status),
            number_generation: number.map(|generation| i64::from(generation.get())),
            set_digest: None,
            ..self.row.clone()
        }
    }

    /// The row of the present state, sealed.
    pub(crate) fn sealed(
        &self,
        platform: &Platform,
        digest_key: &DigestKey,
        entropy: &mut dyn Entropy,
    ) -> Result<PersonRow, Problem> {
        let resident = &self.resident;
        let generation = generation_of(self.row.key_generation)?;
        let mut row = self.bare();
        if let Some(record) = &resident.record {
            let place = |column| Place { table: "person", column, row: row.id.0, generation };
            let identity = pack_identity(record, resident.since);
            let contact = pack_contact(record);
            let identity = self.key.seal(&place("identity"), &identity, entropy);
            let contact = self.key.seal(&place("contact"), &contact, entropy);
            row.identity = Some(identity);
            row.contact = Some(contact);
            row.name_birth_index =
                Some(platform.name_birth_index(&record.name, record.birth_date)?);
            let code = resident.code.reveal();
            row.set_position = digest_key.position(code.as_str().as_bytes()).cast_signed();
            if row.status == status::REGISTERED {
                row.set_digest = Some(digest_key.digest(&set_record(&resident.code, record)));
            }
        }
        Ok(row)
    }
}

impl Platform {
    /// Blind index of folded name and birth date.
    pub fn name_birth_index(
        &self,
        name: &Personal,
        birth: Date,
    ) -> Result<seal::BlindIndex, Problem> {
        let folded = Zeroizing::new(registry::text::fold_name(name.reveal()));
        let value = seal::fields::pack(&[folded.as_str(), &birth.to_string()]);
        self.blind_index("person.name_birth_index", &value)
    }
}

/// What the set digest of a municipality is made of: the code and the whole record, as canonical
/// bytes. The municipality makes the same bytes from its own register.
pub fn set_record(code: &ResidentRecordCode, record: &ResidentRecord) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(code.reveal().as_str().as_bytes().to_vec());
    bytes.extend_from_slice(&record.canonical_bytes());
    bytes
}

/// Seals a code into its row's column.
pub(crate) fn seal_code(
    key: &OpenedKey,
    (person, ordinal): (i64, i64),
    generation: u32,
    code: &ResidentRecordCode,
    entropy: &mut dyn Entropy,
) -> Vec<u8> {
    key.seal(&code_place(person, ordinal, generation), code.reveal().as_str().as_bytes(), entropy)
}

/// Seals a number into its row's column.
pub(crate) fn seal_number(
    key: &OpenedKey,
    (person, ordinal): (i64, i64),
    generation: u32,
    number: &IndividualNumber,
    entropy: &mut dyn Entropy,
) -> Vec<u8> {
    let place = number_place(person, ordinal, generation);
    key.seal(&place, number.reveal().as_str().as_bytes(), entropy)
}

/// Opens a number.
pub(crate) fn open_number(
    key: &OpenedKey,
    row: &NumberRow,
    generation: u32,
) -> Result<IndividualNumber, Problem> {
    let place = number_place(row.person.0, row.generation, generation);
    let plain = open(key, &place, &row.number)?;
    text(&plain)?.parse().map_err(|_| broken("a stored number is not valid"))
}

/// Opens a code.
pub(crate) fn open_code(
    key: &OpenedKey,
    row: &RecordCodeRow,
    generation: u32,
) -> Result<ResidentRecordCode, Problem> {
    let plain = open(key, &code_place(row.person.0, row.ordinal, generation), &row.code)?;
    text(&plain)?.parse().map_err(|_| broken("a stored code is not valid"))
}

fn code_place(person: i64, ordinal: i64, generation: u32) -> Place {
    Place {
        table: "record_code",
        column: "code",
        row: person * ROWS_PER_PERSON + ordinal,
        generation,
    }
}

fn number_place(person: i64, ordinal: i64, generation: u32) -> Place {
    let row = person * ROWS_PER_PERSON + ordinal;
    Place { table: "individual_number", column: "number", row, generation }
}

fn open_record(
    row: &PersonRow,
    key: &OpenedKey,
    generation: u32,
) -> Result<(Option<ResidentRecord>, Date), Problem> {
    let (Some(identity), Some(contact)) = (&row.identity, &row.contact) else {
        return Ok((None, Date::ZERO));
    };
    let place = |column| Place { table: "person", column, row: row.id.0, generation };
    let identity = open(key, &place("identity"), identity)?;
    let contact = open(key, &place("contact"), contact)?;
    let fields = |_| broken("a sealed record has other fields");
    let [name, kana, birth, sex, since] =
        seal::fields::unpack_exactly(&identity).map_err(fields)?;
    let [postal, address] = seal::fields::unpack_exactly(&contact).map_err(fields)?;
    let postal_code = (!postal.is_empty()).then(|| postal.parse()).transpose();
    let wrong = || broken("a sealed record has an invalid field");
    let record = ResidentRecord {
        name: Personal::new(name.as_str()),
        name_kana: Personal::new(kana.as_str()),
        birth_date: birth.parse().map_err(|_| wrong())?,
        sex: sex.parse().map_err(|_| wrong())?,
        postal_code: postal_code.map_err(|_| wrong())?,
        address: Personal::new(address.as_str()),
    };
    Ok((Some(record), since.parse().map_err(|_| wrong())?))
}

fn pack_identity(record: &ResidentRecord, since: Date) -> Zeroizing<Vec<u8>> {
    seal::fields::pack(&[
        record.name.reveal(),
        record.name_kana.reveal(),
        &record.birth_date.to_string(),
        record.sex.word(),
        &since.to_string(),
    ])
}

fn pack_contact(record: &ResidentRecord) -> Zeroizing<Vec<u8>> {
    let postal = record.postal_code.map(|code| code.reveal()).unwrap_or_default();
    seal::fields::pack(&[postal.as_str(), record.address.reveal()])
}

const fn stored_status(state: Status) -> i64 {
    match state {
        Status::Provisional => status::PROVISIONAL,
        Status::Registered => status::REGISTERED,
        Status::MovedOut => status::MOVED_OUT,
        Status::Dead => status::DEAD,
        Status::Deleted => status::DELETED,
    }
}

fn status_from(stored: i64) -> Result<Status, Problem> {
    let same = |state: &Status| stored_status(*state) == stored;
    Status::ALL.into_iter().find(same).ok_or_else(|| match stored {
        status::DISPOSED => Problem::new(&labels::CONTENT_ERASED, ""),
        _ => broken("a person in an unknown state"),
    })
}

/// A number is announced by the provisional state alone, and designated by its generation.
fn number_state(row: &PersonRow) -> Result<NumberState, Problem> {
    let wrong = || broken("a number generation out of range");
    match (row.number_generation, row.status) {
        (None, status::PROVISIONAL) => Ok(NumberState::Provisional),
        (None, _) => Ok(NumberState::None),
        (Some(stored), _) => {
            let generation = u8::try_from(stored).ok().and_then(|g| Generation::new(g).ok());
            generation.map(NumberState::Designated).ok_or_else(wrong)
        }
    }
}

fn open(key: &OpenedKey, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    key.open(place, sealed).map_err(|refusal| Problem::from_refusal(refusal.label()))
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|_| broken("a sealed text is not text"))
}

/// Codes or numbers one person can have: keeps the rows of two persons apart in a seal's place.
const ROWS_PER_PERSON: i64 = 1_024;

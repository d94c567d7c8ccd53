-- The certification authority: who issues, what was meant and what came of it, what holds of each
-- certificate, the lists and answers that tell of it, and who may verify. Written as 0001 is.

CREATE TABLE certification_authority (
  id :int NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 32767),
  kind :int NOT NULL CHECK (kind IN (1, 2)),
  generation :int NOT NULL CHECK (generation > 0),
  key_label :text NOT NULL,
  algorithm :text NOT NULL,
  serial :int NOT NULL CHECK (serial > 0),
  certificate :blob NOT NULL,
  state :int NOT NULL CHECK (state BETWEEN 1 AND 3),
  act :int NOT NULL
) :strict;

-- Authority and serial number go into one number, to which the bytes to be signed are sealed: hence
-- their ranges. These bytes are long: in a table whose rows stand in the order of their coming, they do
-- not spill onto pages of their own.
CREATE TABLE certificate_intention (
  authority :int NOT NULL REFERENCES certification_authority (id),
  serial :int NOT NULL CHECK (serial BETWEEN 1 AND 281474976710655),
  person :int NOT NULL CHECK (person > 0),
  municipality :int NOT NULL CHECK (municipality > 0),
  not_before :int NOT NULL,
  not_after :int NOT NULL,
  key_digest :blob NOT NULL,
  key_generation :int NOT NULL,
  act :int NOT NULL,
  tbs :blob NOT NULL,
  PRIMARY KEY (authority, serial),
  CHECK (not_before <= not_after)
) :strict;

CREATE TABLE certificate (
  authority :int NOT NULL,
  serial :int NOT NULL,
  signature :blob,
  act :int NOT NULL,
  PRIMARY KEY (authority, serial),
  FOREIGN KEY (authority, serial) REFERENCES certificate_intention (authority, serial)
) :clustered;

-- Intentions without an outcome: what start-up has to finish or to close.
CREATE TABLE certificate_open (
  authority :int NOT NULL,
  serial :int NOT NULL,
  PRIMARY KEY (authority, serial)
) :clustered;

-- Whose certificates are which, and in which certificate a public key is, over all time. Tables of
-- their own for the reason that code_holder is one.
CREATE TABLE certificate_of (
  person :int NOT NULL,
  authority :int NOT NULL,
  serial :int NOT NULL,
  PRIMARY KEY (person, authority, serial)
) :clustered;

CREATE TABLE certificate_key (
  key_digest :blob NOT NULL PRIMARY KEY,
  authority :int NOT NULL,
  serial :int NOT NULL
) :clustered;

-- How many certificates end when and where. By week first: those that are issued in one season end
-- in few weeks, so that a commit writes few pages.
CREATE TABLE certificate_expiry (
  authority :int NOT NULL,
  week :int NOT NULL,
  municipality :int NOT NULL,
  certificates :int NOT NULL CHECK (certificates >= 0),
  revoked :int NOT NULL,
  PRIMARY KEY (authority, week, municipality),
  CHECK (revoked BETWEEN 0 AND certificates)
) :clustered;

-- By the list they are on: municipality 0 stands for the list of authorities.
CREATE TABLE certificate_status (
  authority :int NOT NULL REFERENCES certification_authority (id),
  municipality :int NOT NULL CHECK (municipality >= 0),
  serial :int NOT NULL CHECK (serial > 0),
  state :int NOT NULL CHECK (state BETWEEN 1 AND 3),
  reason :int NOT NULL CHECK (reason BETWEEN 0 AND 10 AND reason <> 7),
  changed_at :int NOT NULL,
  invalid_from :int,
  not_after :int NOT NULL,
  act :int NOT NULL,
  PRIMARY KEY (authority, municipality, serial)
) :clustered;

CREATE TABLE revocation_list (
  authority :int NOT NULL REFERENCES certification_authority (id),
  municipality :int NOT NULL CHECK (municipality >= 0),
  number :int NOT NULL CHECK (number >= 0),
  published :int NOT NULL CHECK (published BETWEEN 0 AND number),
  base_number :int CHECK (base_number BETWEEN 1 AND number),
  base_at :int,
  before_number :int CHECK (before_number < base_number),
  before_at :int,
  this_update :int NOT NULL,
  next_update :int NOT NULL,
  due :int,
  PRIMARY KEY (authority, municipality),
  CHECK (this_update <= next_update)
) :clustered;
CREATE INDEX revocation_list_due ON revocation_list (due, authority, municipality)
  WHERE due IS NOT NULL;

CREATE TABLE ocsp_answer (
  authority :int NOT NULL,
  serial :int NOT NULL CHECK (serial > 0),
  id_hash :int NOT NULL CHECK (id_hash IN (1, 2)),
  this_update :int NOT NULL,
  next_update :int NOT NULL,
  answer :blob NOT NULL,
  PRIMARY KEY (authority, serial, id_hash),
  CHECK (this_update <= next_update)
) :strict;
CREATE INDEX ocsp_answer_by_end ON ocsp_answer (next_update, authority, serial, id_hash);

CREATE TABLE delegate (
  authority :int NOT NULL REFERENCES certification_authority (id),
  purpose :int NOT NULL CHECK (purpose IN (1, 2)),
  serial :int NOT NULL CHECK (serial > 0),
  key_label :text NOT NULL,
  not_after :int NOT NULL,
  certificate :blob NOT NULL,
  act :int NOT NULL,
  PRIMARY KEY (authority, purpose, serial)
) :strict;

CREATE TABLE verifier (
  name :text NOT NULL PRIMARY KEY,
  kind :int NOT NULL CHECK (kind > 0),
  state :int NOT NULL CHECK (state BETWEEN 1 AND 3),
  since :int NOT NULL,
  act :int NOT NULL
) :strict;

-- What was meant to be signed, what came of it and which keys were used stays as it was written; a
-- revocation is final, a list's number grows, and an authority ends but never begins again.
-- only sqlite
CREATE TRIGGER authority_is_final BEFORE UPDATE ON certification_authority
  WHEN NEW.state < OLD.state OR (NEW.id, NEW.kind, NEW.generation, NEW.key_label, NEW.algorithm,
      NEW.serial, NEW.certificate, NEW.act)
    <> (OLD.id, OLD.kind, OLD.generation, OLD.key_label, OLD.algorithm,
      OLD.serial, OLD.certificate, OLD.act)
  BEGIN SELECT RAISE(ABORT, 'authorities are final'); END;
CREATE TRIGGER authority_stays BEFORE DELETE ON certification_authority
  BEGIN SELECT RAISE(ABORT, 'authorities are final'); END;
CREATE TRIGGER intention_is_final BEFORE UPDATE ON certificate_intention
  BEGIN SELECT RAISE(ABORT, 'intentions are final'); END;
CREATE TRIGGER intention_stays BEFORE DELETE ON certificate_intention
  BEGIN SELECT RAISE(ABORT, 'intentions are final'); END;
CREATE TRIGGER certificate_is_final BEFORE UPDATE ON certificate
  BEGIN SELECT RAISE(ABORT, 'certificates are final'); END;
CREATE TRIGGER certificate_stays BEFORE DELETE ON certificate
  BEGIN SELECT RAISE(ABORT, 'certificates are final'); END;
CREATE TRIGGER certificate_of_is_final BEFORE UPDATE ON certificate_of
  BEGIN SELECT RAISE(ABORT, 'certificates are final'); END;
CREATE TRIGGER certificate_of_stays BEFORE DELETE ON certificate_of
  BEGIN SELECT RAISE(ABORT, 'certificates are final'); END;
CREATE TRIGGER certificate_key_is_final BEFORE UPDATE ON certificate_key
  BEGIN SELECT RAISE(ABORT, 'keys of certificates are final'); END;
CREATE TRIGGER certificate_key_stays BEFORE DELETE ON certificate_key
  BEGIN SELECT RAISE(ABORT, 'keys of certificates are final'); END;
CREATE TRIGGER revocation_is_final BEFORE UPDATE ON certificate_status
  WHEN (NEW.authority, NEW.municipality, NEW.serial, NEW.not_after)
      <> (OLD.authority, OLD.municipality, OLD.serial, OLD.not_after)
    OR (OLD.state = 1
      AND (NEW.state, NEW.reason, NEW.changed_at, NEW.invalid_from, NEW.act)
        IS NOT (OLD.state, OLD.reason, OLD.changed_at, OLD.invalid_from, OLD.act))
  BEGIN SELECT RAISE(ABORT, 'revocations are final'); END;
CREATE TRIGGER status_stays BEFORE DELETE ON certificate_status
  BEGIN SELECT RAISE(ABORT, 'revocations are final'); END;
CREATE TRIGGER list_goes_forward BEFORE UPDATE ON revocation_list
  WHEN NEW.number < OLD.number OR NEW.published < OLD.published
    OR (NEW.authority, NEW.municipality) <> (OLD.authority, OLD.municipality)
    OR (NEW.number = OLD.number AND (NEW.base_number, NEW.this_update, NEW.next_update)
      IS NOT (OLD.base_number, OLD.this_update, OLD.next_update))
  BEGIN SELECT RAISE(ABORT, 'signed lists are final'); END;
CREATE TRIGGER list_stays BEFORE DELETE ON revocation_list
  BEGIN SELECT RAISE(ABORT, 'signed lists are final'); END;
CREATE TRIGGER delegate_is_new BEFORE INSERT ON delegate
  WHEN EXISTS (SELECT 1 FROM delegate WHERE authority = NEW.authority
    AND purpose = NEW.purpose AND serial = NEW.serial)
  BEGIN SELECT RAISE(ABORT, 'delegates are final'); END;
CREATE TRIGGER delegate_is_final BEFORE UPDATE ON delegate
  BEGIN SELECT RAISE(ABORT, 'delegates are final'); END;
CREATE TRIGGER delegate_stays BEFORE DELETE ON delegate
  BEGIN SELECT RAISE(ABORT, 'delegates are final'); END;
-- only postgresql
CREATE TRIGGER authority_is_final BEFORE UPDATE ON certification_authority FOR EACH ROW
  WHEN (NEW.state < OLD.state OR (NEW.id, NEW.kind, NEW.generation, NEW.key_label, NEW.algorithm,
      NEW.serial, NEW.certificate, NEW.act)
    <> (OLD.id, OLD.kind, OLD.generation, OLD.key_label, OLD.algorithm,
      OLD.serial, OLD.certificate, OLD.act))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER authority_stays BEFORE DELETE OR TRUNCATE ON certification_authority
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER intention_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON certificate_intention
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER certificate_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON certificate
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER certificate_of_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON certificate_of
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER certificate_key_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON certificate_key
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revocation_is_final BEFORE UPDATE ON certificate_status FOR EACH ROW
  WHEN ((NEW.authority, NEW.municipality, NEW.serial, NEW.not_after)
      <> (OLD.authority, OLD.municipality, OLD.serial, OLD.not_after)
    OR (OLD.state = 1 AND NEW IS DISTINCT FROM OLD))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER status_stays BEFORE DELETE OR TRUNCATE ON certificate_status
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER list_goes_forward BEFORE UPDATE ON revocation_list FOR EACH ROW
  WHEN (NEW.number < OLD.number OR NEW.published < OLD.published
    OR (NEW.authority, NEW.municipality) <> (OLD.authority, OLD.municipality)
    OR (NEW.number = OLD.number AND (NEW.base_number, NEW.this_update, NEW.next_update)
      IS DISTINCT FROM (OLD.base_number, OLD.this_update, OLD.next_update)))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER list_stays BEFORE DELETE OR TRUNCATE ON revocation_list
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delegate_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON delegate
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- all

-- Roles of a Lamppost database, each with the least it needs. Run once, as the owner of the tables,
-- after the first `lamppost serve` or any upgrade has made them; running it again does no harm.
--
--   lamppost_writer    takes events in; cannot read a sealed text back, sees no finding
--   lamppost_scorer    folds events into states and findings; sees no text, sealed or not
--   lamppost_reviewer  works cases: vault, holds, audit rows are added, never changed
--   lamppost_auditor   reads the audit chain and nothing else
--   lamppost_service   what one `lamppost serve` needs: the three first, and retention
--
-- Nobody but the owner may change, remove or truncate an audit row, and triggers refuse it to the
-- owner too. Give people logins of their own:
--   CREATE ROLE dana LOGIN IN ROLE lamppost_reviewer;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['lamppost_writer', 'lamppost_scorer', 'lamppost_reviewer',
                              'lamppost_auditor', 'lamppost_service']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', name);
    END IF;
  END LOOP;
END $$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public
  FROM lamppost_writer, lamppost_scorer, lamppost_reviewer, lamppost_auditor, lamppost_service;
GRANT USAGE ON SCHEMA public
  TO lamppost_writer, lamppost_scorer, lamppost_reviewer, lamppost_auditor;
GRANT SELECT ON alembic_version
  TO lamppost_writer, lamppost_scorer, lamppost_reviewer, lamppost_auditor;

-- Events in. A sealed text goes in and does not come back out.
GRANT SELECT, INSERT ON events, quarantine TO lamppost_writer;
GRANT INSERT ON sealed_texts TO lamppost_writer;
GRANT SELECT ON progress, people, policies, api_keys, settings TO lamppost_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO lamppost_writer, lamppost_scorer;

-- The fold.
GRANT SELECT ON events, policies, settings, webhooks TO lamppost_scorer;
GRANT SELECT, INSERT, UPDATE, DELETE
  ON people, conversations, relationships, progress TO lamppost_scorer;
GRANT SELECT, INSERT ON findings, shadow_findings TO lamppost_scorer;
GRANT SELECT, INSERT ON deliveries TO lamppost_scorer;

-- Cases.
GRANT SELECT ON relationships, conversations, people, findings, policies TO lamppost_reviewer;
GRANT SELECT ON sealed_texts TO lamppost_reviewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault_items TO lamppost_reviewer;
GRANT SELECT, INSERT, UPDATE ON vault_keys, legal_holds TO lamppost_reviewer;
GRANT SELECT, INSERT ON audit TO lamppost_reviewer;
GRANT SELECT, INSERT, UPDATE
  ON cases, case_findings, case_pieces, case_notes, case_decisions, case_labels, case_clocks,
     case_appeals, case_links, case_history, case_samples, case_readings, case_tokens, search_docs
  TO lamppost_reviewer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO lamppost_reviewer;

-- The audit.
GRANT SELECT ON audit TO lamppost_auditor;

-- One process that does it all, and lets old things go. It does not own a table.
GRANT lamppost_writer, lamppost_scorer, lamppost_reviewer TO lamppost_service;
GRANT SELECT, UPDATE, DELETE ON sealed_texts TO lamppost_service;
GRANT DELETE ON events, quarantine, findings, shadow_findings TO lamppost_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries TO lamppost_service;
GRANT SELECT, INSERT, UPDATE
  ON api_keys, webhooks, policies, settings, erasures TO lamppost_service;
GRANT SELECT, INSERT ON filing_steps TO lamppost_service;
GRANT DELETE
  ON case_findings, case_pieces, case_notes, case_labels, case_appeals, case_tokens, search_docs
  TO lamppost_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON child_reports, report_floods TO lamppost_service;
GRANT SELECT, INSERT, UPDATE ON staff TO lamppost_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_sessions TO lamppost_service;

-- When the last resume was sent that may have arrived; empty where none was, or where it surely did not count.
ALTER TABLE invocations ADD COLUMN sent_at BIGINT;

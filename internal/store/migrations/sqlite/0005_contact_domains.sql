-- +goose Up
-- The domain of a contact: what follows the last @ of its address.
CREATE INDEX contacts_domain ON contacts
    (project, substr(address, length(rtrim(address, replace(address, '@', ''))) + 1));

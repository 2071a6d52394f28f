DROP INDEX `attempts_by_host`;--> statement-breakpoint
ALTER TABLE `attempts` ADD `kept_from_ms` integer;--> statement-breakpoint
CREATE INDEX `attempts_by_host` ON `attempts` (`host`,`removed_at`,`kept_from_ms`);
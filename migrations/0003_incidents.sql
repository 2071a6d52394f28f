-- drizzle-kit would copy the renamed key column under its new name, which the old table lacks: hence the plain renames
ALTER TABLE `episodes` RENAME TO `incidents`;--> statement-breakpoint
DROP INDEX `episodes_open`;--> statement-breakpoint
DROP INDEX `episodes_by_opened`;--> statement-breakpoint
CREATE UNIQUE INDEX `incidents_open` ON `incidents` (`kind`,`subject`) WHERE "ended_at" is null;--> statement-breakpoint
CREATE INDEX `incidents_by_opened` ON `incidents` (`opened_at`);--> statement-breakpoint
ALTER TABLE `deliveries` RENAME COLUMN `episode_id` TO `incident_id`;

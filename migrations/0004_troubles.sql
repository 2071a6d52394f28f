CREATE TABLE `spells` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`host` text NOT NULL,
	`cause` text NOT NULL,
	`reason` text NOT NULL,
	`since` integer NOT NULL,
	`last` integer NOT NULL,
	`times` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `spells_by_host` ON `spells` (`host`,`id`);--> statement-breakpoint
CREATE TABLE `troubles` (
	`subject` text NOT NULL,
	`what` text NOT NULL,
	`host` text,
	`token` text,
	`reason` text NOT NULL,
	`since` integer NOT NULL,
	`last` integer NOT NULL,
	`times` integer NOT NULL,
	`over_at` integer,
	PRIMARY KEY(`subject`, `what`)
);
--> statement-breakpoint
CREATE INDEX `troubles_lasting` ON `troubles` (`since`) WHERE "over_at" is null;--> statement-breakpoint
ALTER TABLE `cases` ADD `blind_spell` integer;--> statement-breakpoint
ALTER TABLE `orders` ADD `started_at` integer;--> statement-breakpoint
ALTER TABLE `orders` ADD `progress` text;
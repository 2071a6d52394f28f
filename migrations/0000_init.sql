CREATE TABLE `attempts` (
	`token` text PRIMARY KEY NOT NULL,
	`case_id` text,
	`number` integer NOT NULL,
	`host` text NOT NULL,
	`slot` text,
	`job_id` text,
	`job_created_at` text,
	`limit_ms` integer NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	`end` text,
	`failure` text,
	`proof` text,
	`proof_at` integer,
	`orphan` text,
	`moved_bytes` integer DEFAULT 0 NOT NULL,
	`total_bytes` integer,
	`removed_at` integer,
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "attempts_proof" CHECK("proof" in ('revoked', 'gone', 'never_created', 'operator'))
);
--> statement-breakpoint
CREATE INDEX `attempts_by_case` ON `attempts` (`case_id`,`number`);--> statement-breakpoint
CREATE INDEX `attempts_unproven` ON `attempts` (`host`) WHERE "proof" is null;--> statement-breakpoint
CREATE INDEX `attempts_by_host` ON `attempts` (`host`,`removed_at`,`ended_at`);--> statement-breakpoint
CREATE TABLE `candidates` (
	`path` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`reason` text,
	`case_id` text,
	`signature` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "candidates_state" CHECK("state" in ('settling', 'history', 'rejected', 'admitted', 'changed', 'done'))
);
--> statement-breakpoint
CREATE INDEX `candidates_by_state` ON `candidates` (`state`);--> statement-breakpoint
CREATE TABLE `cases` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`path` text NOT NULL,
	`fingerprint` text NOT NULL,
	`files` integer NOT NULL,
	`size_bytes` integer NOT NULL,
	`state` text NOT NULL,
	`phase` text NOT NULL,
	`attempt` integer NOT NULL,
	`entry` integer NOT NULL,
	`snapshot` text NOT NULL,
	`priority` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`phase_since` integer NOT NULL,
	`host` text,
	`token` text,
	`slot` text,
	`job_id` text,
	`job_created_at` text,
	`limit_ms` integer NOT NULL,
	`observed_ms` integer DEFAULT 0 NOT NULL,
	`paused` integer DEFAULT false NOT NULL,
	`blind_cause` text,
	`blind_since` integer,
	`blocked` text,
	`failure_kind` text,
	`failure` text,
	`set_aside` text,
	CONSTRAINT "cases_state" CHECK("state" in ('submitted', 'submitting', 'running', 'completed', 'failed'))
);
--> statement-breakpoint
CREATE UNIQUE INDEX `cases_path_unique` ON `cases` (`path`);--> statement-breakpoint
CREATE INDEX `cases_by_state` ON `cases` (`state`,`created_at`);--> statement-breakpoint
CREATE INDEX `cases_by_created` ON `cases` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `cases_by_name` ON `cases` (`name`);--> statement-breakpoint
CREATE TABLE `hosts` (
	`name` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`since` integer NOT NULL,
	`last_seen_at` integer,
	`cause` text,
	`reason` text,
	`retry_at` integer,
	`reconciled_at` integer,
	`node` text,
	`notices` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `journal` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`case_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`at` integer NOT NULL,
	`event` text NOT NULL,
	`from_phase` text,
	`to_phase` text NOT NULL,
	`detail` text NOT NULL,
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `journal_by_case` ON `journal` (`case_id`,`id`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `orders` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`case_id` text,
	`arguments` text NOT NULL,
	`by` text NOT NULL,
	`why` text NOT NULL,
	`created_at` integer NOT NULL,
	`handled_at` integer,
	`outcome` text,
	`message` text,
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `orders_open` ON `orders` (`id`) WHERE "handled_at" is null;--> statement-breakpoint
CREATE TABLE `slots` (
	`host` text NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`case_id` text,
	`token` text,
	`reason` text,
	`since` integer NOT NULL,
	`configured` integer NOT NULL,
	PRIMARY KEY(`host`, `name`),
	FOREIGN KEY (`case_id`) REFERENCES `cases`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "slots_state" CHECK("state" in ('free', 'leased', 'quarantined')),
	CONSTRAINT "slots_lease" CHECK(("state" = 'leased') = ("case_id" is not null))
);
--> statement-breakpoint
CREATE INDEX `slots_by_case` ON `slots` (`case_id`);
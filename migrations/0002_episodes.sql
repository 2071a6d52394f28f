CREATE TABLE `deliveries` (
	`episode_id` text NOT NULL,
	`sink` text NOT NULL,
	`edge` text NOT NULL,
	`created_at` integer NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`next_at` integer,
	`delivered_at` integer,
	`error` text,
	PRIMARY KEY(`episode_id`, `sink`, `edge`),
	FOREIGN KEY (`episode_id`) REFERENCES `episodes`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "deliveries_edge" CHECK("edge" in ('opened', 'ended'))
);
--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`next_at`) WHERE "next_at" is not null;--> statement-breakpoint
CREATE TABLE `episodes` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`opened_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`ended_at` integer,
	`count` integer NOT NULL,
	`facts` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `episodes_open` ON `episodes` (`kind`,`subject`) WHERE "ended_at" is null;--> statement-breakpoint
CREATE INDEX `episodes_by_opened` ON `episodes` (`opened_at`);--> statement-breakpoint
ALTER TABLE `journal` ADD `failure_kind` text;--> statement-breakpoint
CREATE INDEX `journal_final` ON `journal` (`to_phase`,`failure_kind`) WHERE "to_phase" in ('completed', 'failed');
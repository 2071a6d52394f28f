/** What `mqi config init` writes: the built-in defaults (embedded.ts) as a file, and a real host to copy from. */
export const TEMPLATE = `# mqi-communicator. Check it: mqi config check. Every key: mqi config schema --markdown.
# Durations are written as 30s, 10m, 24h, 7d. Relative paths are relative to this file.

watch:
  path: ./new_cases             # every folder in it is a case; it is only read
  quiet_period: 2s              # complete when nothing changed for this long; 30s or more for copies over a network
  # ready_marker: READY         # safer: complete when this file lies in it, written last
  # depth: 2                    # cases lie at path/PATIENT/STUDY

results: ./results              # RESULTS/CASE/attempt-N
database: ./var/mqi.db          # on a local disk

job:
  # Run in the attempt's directory. {inputs} {case} {slot} {attempt} {token}, also as $MQI_INPUTS, $MQI_CASE …; a list is
  # run as it is, a string by sh -c.
  command: sh {inputs}/run.sh
  # command: [moqui, "{inputs}/moqui_tps.in"]
  # collect: ["output/**", { glob: "*.log", optional: true }]
  limit: 24h                    # of time seen executing

hosts:
  local:                        # this machine, no queue
    root: ./var/host
    slots:
      - { name: cpu }

  # gpu1:
  #   transport: { type: ssh, host: gpu1 }              # a name from ~/.ssh/config, or host, port, user, identity
  #   scheduler: { type: pueue }
  #   root: /scratch/mqi
  #   prologue: module load cuda/12
  #   slots:
  #     - { name: gpu0, queue: gpu0, env: { CUDA_VISIBLE_DEVICES: "0" } }
  #     - { name: gpu1, queue: gpu1, env: { CUDA_VISIBLE_DEVICES: "1" } }

web:
  # listen: 127.0.0.1:8787      # the page of the daemon; off: none
  # token_file: /etc/mqi/web-token   # NAME TOKEN, a line each: who may give orders there; without it the page only shows

notify:
  # sinks:                      # who is told of failed cases, lost hosts, full disks: docs/operations.md
  #   ops: { type: webhook, url: "https://ops.example.org/mqi", secret_file: /etc/mqi/webhook-secret }

log:
  level: info
`;

-- What one year leaves in the tables that the desk reads; see desk_seed.py, which fills in what stands in braces.
-- c is a conversation, k a message of it: odd ones came, even ones went out. The same statements run on both engines.

{conversations_series}
INSERT INTO buyers (id, external_id, name, email, phone, language, country, told, journey, created_at)
SELECT c, 'c' || c, 'Anna ' || (SELECT word FROM seed_words WHERE n = (c * 31) % 4096),
       'anna' || c || '@example.org', '+49170' || (1000000 + c), 'de', 'DE', '{{}}', 0, {began}
FROM series;

{conversations_series}
INSERT INTO conversations (id, channel, account, address, buyer_id, name, language, state, version, leased_until,
                           attempts, floor, status, waiting_since, assignee_id, team_id, priority, answer_by,
                           alarmed, heard_at, reachable, created_at)
SELECT c, {channel}, 'shop', 'a' || c, c, 'Anna ' || (SELECT word FROM seed_words WHERE n = (c * 31) % 4096), 'de',
       '{{"flow":"setup","step":"first","asked":7,"tags":["vip"],"done":["setup:o' || c || '"]}}', 9 + c % 19, 0, 0,
       CASE WHEN c % 100 IN (0, 1, 2) THEN 'agent' ELSE 'bot' END,
       CASE WHEN c % 100 = 0 THEN 'waiting' WHEN c % 100 = 1 THEN 'agent' WHEN c % 100 = 2 THEN 'pending'
            WHEN c % 200 = 3 THEN 'snoozed' WHEN c % 100 IN (4, 5, 6, 7) THEN 'resolved' ELSE 'bot' END,
       CASE WHEN c % 100 IN (0, 1) THEN {heard} END,
       CASE WHEN c % 100 IN (1, 2) THEN (c / 100) % 20 END,
       CASE WHEN c % 100 < 3 THEN (c / 100) % 5 END,
       (c / 100) % 4 - 1,
       CASE WHEN c % 100 IN (0, 1) THEN {now} + CAST((c / 100) % 400 - 100 AS bigint) * 60000000 END,
       0, {heard}, true, {began}
FROM series;

{conversations_series}
INSERT INTO contacts (channel, account, external_id, conversation_id, username, created_at)
SELECT {channel}, 'shop', 'a' || c, c, 'anna_' || c, 0 FROM series;

{conversations_series}
INSERT INTO orders (id, number, currency, total, refunded, placed_at, described_at, described_by, buyer_id, codes, test)
SELECT 'o' || c, '#' || (1000 + c), 'EUR', (c % 200 + 5) * 10000, 0, {began}, 0, '', c, '[]', false
FROM series WHERE c % 5 < 3;

INSERT INTO order_items (order_id, position, sku, title, quantity, price)
SELECT id, 0, 'MUG-1', 'Becher', 1, total FROM orders;

INSERT INTO milestones (order_id, what, at) SELECT id, 'paid', placed_at FROM orders;

INSERT INTO bindings (conversation_id, order_id, bound_at) SELECT buyer_id, id, placed_at FROM orders;

CREATE TEMPORARY TABLE seed_messages AS
{conversations_series},
step (k) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT k + 1 FROM step WHERE k < 28)
SELECT c, k, {began} + CAST(10800000000 AS bigint) * k AS at
FROM series JOIN step ON k <= 10 + c % 19 WHERE c > 1;

INSERT INTO seed_messages (c, k, at)
WITH RECURSIVE series (k) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT k + 1 FROM series WHERE k < {longest})
SELECT CAST(1 AS bigint), k, {now} - CAST({longest} - k AS bigint) * 300000000 FROM series;

INSERT INTO inbox (source, external_id, kind, lane, conversation_id, at, received_at, due_at, event, standby, status,
                   attempts)
SELECT 'whatsapp', 'm' || m.c || '.' || m.k, 'text', 'message', m.c, m.at, m.at, 0,
       '{{"text":"' || {words} || '","kind":"text"}}', false, 'done', 0
FROM seed_messages m {joins} WHERE m.k % 2 = 1 ORDER BY m.at;

INSERT INTO inbox (source, external_id, kind, lane, conversation_id, at, received_at, due_at, event, standby, status,
                   attempts)
SELECT 'whatsapp', 'r' || m.c || '.' || m.k, 'receipt', 'receipt', m.c, m.at, m.at, 0,
       '{{"message_id":"x","status":"read","kind":"receipt"}}', false, 'done', 0
FROM seed_messages m WHERE m.k % 8 = 2 ORDER BY m.at;

INSERT INTO inbox (source, external_id, kind, lane, conversation_id, at, received_at, due_at, event, standby, status,
                   attempts)
SELECT 'whatsapp', 'h' || m.c || '.' || m.k, 'reaction', 'message', m.c, m.at + 1, m.at, 0,
       '{{"message_id":"x' || m.c || '.' || m.k || '","emoji":"x","kind":"reaction"}}', false, 'done', 0
FROM seed_messages m WHERE m.k % 50 = 2 ORDER BY m.at;

INSERT INTO outbox (conversation_id, turn, seq, speaker, proactive, outgoing, status, due_at, attempts, created_at,
                    sending_at, sent_at, external_id, delivery, flow, step, variant, touchpoint)
SELECT m.c, m.k, 0, CASE WHEN m.k % 10 = 4 THEN 'agent' ELSE 'bot' END, false,
       '{{"style":"text","text":"' || {words} || '"}}',
       CASE WHEN (m.c * 31 + m.k) % 997 = 0 THEN 'failed' ELSE 'sent' END, 0, 1, m.at, m.at, m.at,
       'x' || m.c || '.' || m.k, 'read', 'setup', 'first', '', ''
FROM seed_messages m {joins} WHERE m.k % 2 = 0 ORDER BY m.at;

INSERT INTO turns (conversation_id, version, at, flow, step, heard)
SELECT c, (k + 1) / 2, at, 'setup', 'first',
       '{{"language":"de","intent":"complaint","mood":"negative","polarity":-0.' || (k % 9) || '}}'
FROM seed_messages WHERE k % 2 = 1 AND (c > 1 OR k > {longest} - 60);

INSERT INTO search_docs (kind, ref, conversation_id, at, words)
SELECT kind, ref, conversation_id, at, words
FROM (SELECT 'i' AS kind, i.id AS ref, i.conversation_id, i.at, {folded} AS words
      FROM seed_messages m
      JOIN inbox i ON i.source = 'whatsapp' AND i.external_id = 'm' || m.c || '.' || m.k AND i.kind = 'text' {joins}
      WHERE m.k % 2 = 1) AS texts
ORDER BY at;

INSERT INTO search_people (conversation_id, words)
SELECT c.id, 'anna ' || w.folded || ' anna' || c.id || ' ' || (1000 + c.id) || ' o' || c.id || ' 49170' || (1000000 + c.id)
FROM conversations c JOIN seed_words w ON w.n = (c.id * 31) % 4096;

INSERT INTO handoffs (conversation_id, reason, evidence, priority, promised_at, at, resolved_at, why, cause,
                      resolved_by, corrected)
SELECT id, CASE id % 5 WHEN 0 THEN 'human' ELSE 'complaint' END, '["kaputt"]', priority, answer_by, heard_at,
       CASE WHEN status = 'resolved' THEN heard_at END, 'mood', '', '', ''
FROM conversations WHERE status <> 'bot';

INSERT INTO labels (id, name, colour) SELECT n + 1, 'label ' || n, 'grey' FROM seed_words WHERE n < 7;

INSERT INTO conversation_labels (conversation_id, label_id)
SELECT id, id % 7 + 1 FROM conversations WHERE id % 10 = 0;

INSERT INTO presence (conversation_id, account_id, seen_at)
SELECT id, 5, {now} FROM conversations WHERE status = 'waiting' AND id % 700 = 0;

INSERT INTO desk_events (conversation_id, at, kind, actor, reason, detail)
SELECT conversation_id, at, 'escalated', 'bot', reason, '{{}}' FROM handoffs;

INSERT INTO agent_notes (conversation_id, author, text, mentions, at)
SELECT id, 'account:3', 'Schon am Telefon gesprochen', '[]', heard_at FROM conversations WHERE status = 'agent';

INSERT INTO settings (key, value) VALUES ('search', '{{"i":999999999,"o":999999999,"n":999999999}}');

// Spreads the logs over the shards of a cluster, by owner, so that all that a learner's request touches is on one shard.
//
//   mongosh "$ADMIN_URI" --eval 'var database = "learntrack"' scripts/shard.js
//
// Run it as a user with the role clusterManager, and readWrite on the database, after `learntrack migrate`; the service
// may go on. It is safe to repeat: after a shard was added it moves what is to be there, a collection after the other.
// Then set LEARNTRACK_SHARDS to the number that it prints.

const name = typeof database === "undefined" ? "learntrack" : database;
const owners = {
  content_sessions: "user_id",
  content_summaries: "user_id",
  mastery_logs: "user_id",
  attempt_overflow: "user_id",
  learner_days: "user_id",
  idempotency_keys: "owner",
  touched: "owner",
};
const shards = db.adminCommand({ listShards: 1 }).shards.map((shard) => shard._id);

// Equal ranges of the hashed owners, a zone and a shard each: the balancer would place each collection by itself, and an
// owner's session on another shard than their summary.
const bound = (number) => {
  if (number === 0) return MinKey();
  if (number === shards.length) return MaxKey();
  const [values, count] = [2n ** 64n, BigInt(shards.length)];
  return NumberLong(((BigInt(number) * values + count - 1n) / count - values / 2n).toString());
};
const zones = shards.map((shard, number) => ({ zone: `${name}-${number}`, shard, min: bound(number), max: bound(number + 1) }));

for (const { zone, shard } of zones) sh.addShardToZone(shard, zone);
for (const [collection, owner] of Object.entries(owners)) {
  const namespace = `${name}.${collection}`;
  // A collection that is not empty is sharded only where an index begins with the key.
  db.getSiblingDB(name)[collection].createIndex({ [owner]: "hashed" });
  for (const { ns, min, max } of db.getSiblingDB("config").tags.find({ ns: namespace }).toArray())
    sh.removeRangeFromZone(ns, min, max);
  for (const { zone, min, max } of zones) sh.updateZoneKeyRange(namespace, { [owner]: min }, { [owner]: max }, zone);
  sh.shardCollection(namespace, { [owner]: "hashed" });
}
// Written by every start, and by the id only, a digest of the learner's: spread, so that no shard has them all.
db.getSiblingDB(name).recording_permits.createIndex({ _id: "hashed" });
sh.shardCollection(`${name}.recording_permits`, { _id: "hashed" });
print(`LEARNTRACK_SHARDS=${shards.length}`);

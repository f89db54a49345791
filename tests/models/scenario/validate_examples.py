"""Hold every ready scenario against the JSON Schema. usage: validate_examples.py SOURCE_FOLDER"""
import glob
import json
import sys

import jsonschema
import yaml

root = sys.argv[1]
schema = json.load(open(root + "/scenarios/scenario.schema.json"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
faults = 0
for name in sorted(glob.glob(root + "/scenarios/*.yaml") + glob.glob(root + "/tests/models/scenario/contract_*.yaml")):
    for fault in validator.iter_errors(yaml.safe_load(open(name))):
        print(f"{name}: {list(fault.path)}: {fault.message}")
        faults += 1
# And it refuses what it should.
for wrong in ({}, {"model": "a", "cluster": {}, "training": {"sequence_length": "long", "global_batch": 1}},
              {"model": "a", "cluster": {}, "training": {"sequence_length": 1, "global_batch": 1}, "layuot": {}}):
    if validator.is_valid(wrong):
        print(f"accepted: {wrong}")
        faults += 1
sys.exit(faults > 0)

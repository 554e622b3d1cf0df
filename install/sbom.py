#!/usr/bin/env python3
"""Writes what a release is made of as CycloneDX 1.6 JSON, from the lock file that its build was restored by.

    install/sbom.py src/BatchInference.Worker/packages.lock.json 0.1.0 > sbom.cdx.json

Licences come from the packages themselves, as NuGet unpacked them.
"""
import base64
import json
import os
import pathlib
import re
import sys

PACKAGES = pathlib.Path(os.environ.get("NUGET_PACKAGES", pathlib.Path.home() / ".nuget/packages"))


def licence(name, version):
    nuspec = PACKAGES / name.lower() / version / f"{name.lower()}.nuspec"
    text = nuspec.read_text(encoding="utf-8-sig") if nuspec.exists() else ""
    if found := re.search(r'<license type="expression">([^<]+)</license>', text):
        return [{"expression": found[1].strip()}]
    if found := re.search(r'<license type="file">([^<]+)</license>', text):
        return [{"license": {"name": f"file {found[1].strip()} of the package"}}]
    if found := re.search(r"<licenseUrl>([^<]+)</licenseUrl>", text):
        return [{"license": {"name": "see address", "url": found[1].strip()}}]
    return []


def component(name, package):
    version = package["resolved"]
    purl = f"pkg:nuget/{name}@{version}"
    made = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if package.get("contentHash"):
        made["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(package["contentHash"]).hex()}]
    if found := licence(name, version):
        made["licenses"] = found
    return made


def main():
    lock_file, version = sys.argv[1:]
    packages = {}
    for target in json.load(open(lock_file, encoding="utf-8"))["dependencies"].values():
        for name, package in target.items():
            # What only builds the program is not in it.
            if package["type"] != "Project" and not name.startswith("Microsoft.CodeAnalysis."):
                packages[name] = package
    json.dump({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "batch-inference", "name": "batch-inference", "version": version}},
        "components": [component(name, packages[name]) for name in sorted(packages, key=str.lower)],
    }, sys.stdout, indent=2, ensure_ascii=False)
    print()


main()

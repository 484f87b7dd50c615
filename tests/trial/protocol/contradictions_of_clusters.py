"""The cross-checks of clusters, as `contradictions` has the others."""

BIG_STICK_AMONG = (
    'procedure = "big-stick@1"\ntolerance = 3',
    'procedure = "cluster@1"\nfactor = "jobcentre"\namong = { procedure = "big-stick@1", tolerance = 1 }',
)
CASEWORKERS = '[[stratification]]\nfactor = "caseworker"\nlevels = ["0101-07", "0101010101"]\n\n'

CLUSTERS = {
    "check_clusters": ([('se_type = "HC2"', 'se_type = "CR1"')], 216, "protocol-clusters", "inference.se_type none"),
    "clusters-without-cr": (
        [('clusters = "none"', 'clusters = "jobcentre"')],
        216,
        "protocol-clusters",
        "HC2 jobcentre",
    ),
    "check_cluster_factor": (
        [('clusters = "none"', 'clusters = "caseworker"'), ('se_type = "HC2"', 'se_type = "CR2"')],
        220,
        "protocol-clusters",
        'inference.clusters declared factor "caseworker"',
    ),
    "check_cluster_design": (
        [BIG_STICK_AMONG],
        221,
        "protocol-clusters",
        'inference.clusters "jobcentre" "none" clusters = "jobcentre"',
    ),
    "clusters-of-a-factor-without-inference": (
        [(BIG_STICK_AMONG[0], BIG_STICK_AMONG[1].replace("jobcentre", "age_group"))],
        221,
        "protocol-clusters",
        "inference.clusters jobcentres or caseworkers",
    ),
    "strata-joined-within-a-cluster": (
        [BIG_STICK_AMONG, ('within = ["target_group", "age_group"]', 'within = ["age_group", "jobcentre"]')],
        226,
        "protocol-clusters",
        "inference.small_strata.within[2] one arm",
    ),
    "check_cluster_estimators": (
        [BIG_STICK_AMONG],
        149,
        "protocol-clusters",
        "estimands[1].estimators[1] stratified-difference strata-regression",
    ),
    "check_cluster_subgroups": (
        [BIG_STICK_AMONG, ('factor = "target_group"\nestimands', 'factor = "jobcentre"\nestimands')],
        233,
        "protocol-clusters",
        "subgroups[1].factor one arm",
    ),
    "check_caseworkers": (
        [("[randomisation]", f"{CASEWORKERS}[randomisation]")],
        85,
        "protocol-clusters",
        "stratification[4].levels[2] CPR post",
    ),
}

/** What Jupyter's launcher shows: packets on their way, one of which falls. */
export const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="12" fill="#1f3a5f"/>
  <path d="M8 26h48" stroke="#7fb2e5" stroke-width="3" stroke-dasharray="3 4"/>
  <rect x="10" y="19" width="14" height="14" rx="3" fill="#fff"/>
  <rect x="40" y="19" width="14" height="14" rx="3" fill="#fff"/>
  <rect x="25" y="38" width="14" height="14" rx="3" fill="#f0803c" transform="rotate(18 32 45)"/>
</svg>
`;
